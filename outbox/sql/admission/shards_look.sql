-- Whose processes live, which of them is $5, and the state of each shard: its name in $3, the key of its lock in $4. A process lives
-- as long as it holds its lock, which ends with its session, and that with the lease.
WITH locks AS MATERIALIZED (
  SELECT (l.classid::bigint << 32) | l.objid::bigint AS key
    FROM pg_catalog.pg_locks l
   WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.mode = 'ExclusiveLock'
     AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
), instances AS MATERIALIZED (
  SELECT i.instance, i.started_at, i.lock_key IN (SELECT locks.key FROM locks) AS lives
    FROM {schema}.relay_instances i WHERE i.relay = $1::text AND i.log = $2::text
), living AS (
  SELECT i.instance, pg_catalog.row_number() OVER (ORDER BY i.started_at, i.instance) AS rank FROM instances i WHERE i.lives
)
SELECT (SELECT pg_catalog.count(*) FROM living), coalesce((SELECT v.rank FROM living v WHERE v.instance = $5::uuid), 0),
       (SELECT pg_catalog.count(*) FROM instances i WHERE NOT i.lives),
       s.key IN (SELECT locks.key FROM locks), coalesce(c.retired, false), coalesce(c.position, 0)
  FROM ROWS FROM (pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::bigint[])) WITH ORDINALITY s(name, key, ordinal)
  LEFT JOIN {schema}.relay_checkpoints c ON c.relay = s.name AND c.log = $2::text
 ORDER BY s.ordinal
