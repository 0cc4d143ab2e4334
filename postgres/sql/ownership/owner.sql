-- A bigint advisory lock is shown as two halves: classid the upper, objid the lower, objsubid 1.
-- A prepared transaction that holds it has no process: 0.
SELECT coalesce(l.pid, 0), coalesce(a.application_name, '')::text, coalesce(pg_catalog.host(a.client_addr), '')::text
  FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
   AND l.classid = (($1::bigint >> 32) & 4294967295)::oid AND l.objid = ($1::bigint & 4294967295)::oid
