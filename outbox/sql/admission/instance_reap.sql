-- Rows of processes that are gone. Their lock is taken before the row is written; one that has lost its lock for a moment writes
-- its row again.
DELETE FROM {schema}.relay_instances i
 WHERE i.relay = $1::text AND i.log = $2::text
   AND NOT EXISTS (
     SELECT FROM pg_catalog.pg_locks l
      WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND (l.classid::bigint << 32) | l.objid::bigint = i.lock_key
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))
