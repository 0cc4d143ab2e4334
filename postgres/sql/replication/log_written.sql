-- Every commit that anybody was told of stands before it.
SELECT (pg_catalog.pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint
