-- Takes the bell $1 for this session, without waiting: 2 it is ours, 1 another session sleeps behind it, 0 an appender
-- that has not ended yet holds it. Who gets it is ended by the server (version 14 and later) when it says nothing for $2 ms,
-- unless its session has such a limit already: the second column is the limit that was set. A session that waited for it in the queue
-- has it for a moment only, and nobody sleeps behind that one.
WITH bell AS MATERIALIZED (SELECT pg_catalog.hashtextextended($1::text COLLATE "C", 0) AS key),
     queue AS MATERIALIZED (SELECT pg_catalog.hashtextextended('annals:bell-queue' COLLATE "C", 0) AS key),
     taken AS MATERIALIZED (SELECT pg_catalog.pg_try_advisory_lock(b.key) AS ours, b.key FROM bell b),
-- include postgres/sql/fragment/holders_of_lock.sql of=bell
,
-- include postgres/sql/fragment/holders_of_lock.sql of=queue
SELECT CASE
         WHEN t.ours THEN 2
         WHEN EXISTS (SELECT FROM bell_holders h
                       WHERE h.mode = 'ExclusiveLock' AND NOT EXISTS (SELECT FROM queue_holders q WHERE q.pid = h.pid)) THEN 1
         ELSE 0
       END::int,
       CASE WHEN t.ours AND pg_catalog.current_setting('idle_session_timeout', true) = '0'
            THEN pg_catalog.set_config('idle_session_timeout', $2::text, false) END
  FROM taken t
