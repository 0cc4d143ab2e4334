-- {of}_holders: who holds the advisory lock {of}.key in this database. A bigint key is shown as two halves: classid the upper, objid the lower,
-- objsubid 1. A prepared transaction that holds it has no process: pid is NULL.
{of}_holders AS (
  SELECT l.pid, l.mode
    FROM {of} k
    JOIN pg_catalog.pg_locks l ON l.classid = ((k.key >> 32) & 4294967295)::oid AND l.objid = (k.key & 4294967295)::oid
   WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
     AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
)
