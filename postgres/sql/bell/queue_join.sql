-- Waits for the bell {bell} until no appender has it that tried it before, and gives it up at once: the lock is the statement's
-- own transaction's.
SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended({bell} COLLATE "C", 0))
