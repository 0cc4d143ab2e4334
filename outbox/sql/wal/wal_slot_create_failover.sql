-- The same; standbys of PostgreSQL 17 that sync_replication_slots keep a copy of it, with which the relay goes on when one is promoted.
SELECT (c.lsn - '0/0'::pg_lsn)::bigint
  FROM pg_catalog.pg_create_logical_replication_slot($1::text, 'pgoutput', temporary => false, twophase => false, failover => true) c
