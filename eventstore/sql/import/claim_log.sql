-- One import into a log at a time, until its session ends. Two of the same file would each append what the other just has.
SELECT pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended('annals:import:{schema}.events' COLLATE "C", 0))
