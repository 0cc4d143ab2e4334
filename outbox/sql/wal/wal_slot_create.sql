-- Waits for the transactions that are writing at this moment: what they commit is in the slot, or was visible before it is there.
SELECT (c.lsn - '0/0'::pg_lsn)::bigint FROM pg_catalog.pg_create_logical_replication_slot($1::text, 'pgoutput') c
