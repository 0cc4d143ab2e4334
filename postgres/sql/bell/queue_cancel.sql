-- Ends what the process $1 waits for.
SELECT pg_catalog.pg_cancel_backend($1::int)
