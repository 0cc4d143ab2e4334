-- Takes the bell $1 for this session, without waiting: 2 it is ours, 1 another session sleeps behind it, 0 an appender
-- that has not ended yet holds it. The lock's key is shown as two halves: classid the upper, objid the lower, objsubid 1.
WITH bell AS MATERIALIZED (SELECT pg_catalog.hashtextextended($1::text COLLATE "C", 0) AS key)
SELECT CASE
         WHEN pg_catalog.pg_try_advisory_lock(b.key) THEN 2
         WHEN EXISTS (SELECT FROM pg_catalog.pg_locks l
                       WHERE l.locktype = 'advisory' AND l.granted AND l.mode = 'ExclusiveLock' AND l.objsubid = 1
                         AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d
                                            WHERE d.datname = pg_catalog.current_database())
                         AND l.classid = ((b.key >> 32) & 4294967295)::oid
                         AND l.objid = (b.key & 4294967295)::oid) THEN 1
         ELSE 0
       END::int
  FROM bell b
