-- A session that owns nothing any more may be silent again for as long as its role and database allow.
SELECT pg_catalog.set_config(s.name, s.reset_val, false) IS NOT NULL
  FROM pg_catalog.pg_settings s
 WHERE s.name = 'idle_session_timeout'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l
                    WHERE l.locktype = 'advisory' AND l.granted AND l.pid = pg_catalog.pg_backend_pid())
