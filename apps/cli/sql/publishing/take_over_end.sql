-- Every commit that anybody sees stands before it, also one that is not on disk yet.
SELECT (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint
