-- Every process, whether it lives, and how many shards it owns.
WITH locks AS MATERIALIZED (
  SELECT (l.classid::bigint << 32) | l.objid::bigint AS key
    FROM pg_catalog.pg_locks l
   WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.mode = 'ExclusiveLock'
     AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
)
SELECT i.relay, i.instance, i.host, i.pid, i.started_at, i.lock_key IN (SELECT locks.key FROM locks)
  FROM {schema}.relay_instances i
 WHERE i.log = $1::text
 ORDER BY i.relay, i.started_at, i.instance
