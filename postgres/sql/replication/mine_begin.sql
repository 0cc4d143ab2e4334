-- A reader's mark of its own, $2, beside that of slot $1, which keeps the log meanwhile. It is gone with the session.
SELECT pg_catalog.pg_copy_logical_replication_slot($1::text, $2::text, true)
