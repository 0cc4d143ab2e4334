-- Ends the session that owns {key} where the server cannot: one that is silent and whose server is stuck in writing to it, for
-- longer than a lease and a half (a healthy owner reads what it is sent), and before version 14, which knows no limit on
-- silence, any silent one. The lease is the asker's, so not less than the usual one. Who may: the same role, or one that has its
-- rights.
SELECT coalesce(pg_catalog.bool_or(pg_catalog.pg_terminate_backend(a.pid)), false)
  FROM pg_catalog.pg_locks l
  JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
  JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
   AND l.classid = ((CAST('{key}' AS bigint) >> 32) & 4294967295)::oid
   AND l.objid = (CAST('{key}' AS bigint) & 4294967295)::oid
   AND a.state = 'idle'
   AND CASE WHEN a.wait_event = 'ClientWrite' THEN a.state_change < pg_catalog.clock_timestamp()
                                                   - pg_catalog.make_interval(secs => {lease_ms} * 0.0015)
            WHEN pg_catalog.current_setting('idle_session_timeout', true) IS NULL
            THEN a.state_change < pg_catalog.clock_timestamp()
                                  - pg_catalog.make_interval(secs => greatest({lease_ms}, 30000) * 0.0015)
            ELSE false END
   AND pg_catalog.pg_has_role(r.oid, 'USAGE')
   AND (NOT r.rolsuper OR pg_catalog.current_setting('is_superuser') = 'on')
