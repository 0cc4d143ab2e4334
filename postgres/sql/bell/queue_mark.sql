-- Once in a session that is to wait for bells: whoever finds it with a bell for a moment knows that nobody sleeps behind it.
SELECT pg_catalog.pg_advisory_lock_shared(pg_catalog.hashtextextended('annals:bell-queue' COLLATE "C", 0))
