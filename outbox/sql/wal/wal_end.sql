-- Behind everything that is written of the log at this moment.
SELECT (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint
