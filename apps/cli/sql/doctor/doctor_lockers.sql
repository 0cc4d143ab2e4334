-- Who holds, or waits for, a lock on the tables $1, or on partitions of them, under which nobody writes: whoever comes later queues behind it, also while
-- it waits. Age and query only where this role may see them.
SELECT l.relation::regclass::text, pg_catalog.replace(l.mode, 'Lock', ''), l.granted, coalesce(l.pid, 0)::int, coalesce(a.usename, '')::text,
       (extract(epoch FROM pg_catalog.clock_timestamp() - CASE WHEN l.granted THEN a.xact_start ELSE a.query_start END)
        * 1000)::bigint AS age_ms,
       coalesce(a.query, '')
  FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'relation'
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
   AND l.relation IN (SELECT pg_catalog.to_regclass(t.name) FROM unnest($1::text[]) AS t (name)
                       UNION ALL
                      SELECT i.inhrelid FROM unnest($1::text[]) AS t (name)
                        JOIN pg_catalog.pg_inherits i ON i.inhparent = pg_catalog.to_regclass(t.name))
   AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
 ORDER BY age_ms DESC NULLS FIRST
