-- How full the cluster's queue of notifications is, in thousandths, and the session that most likely keeps it so: one that
-- LISTENs reads nothing while its transaction is open, or while its client takes nothing (ClientWrite). Which sessions
-- LISTEN nobody can ask; NULL when this role sees none that it may be.
SELECT pg_catalog.floor(pg_catalog.pg_notification_queue_usage() * 1000)::int8,
       s.pid, s.usename::text, s.datname::text, s.age_ms
  FROM (VALUES (true)) v
  LEFT JOIN LATERAL (
    SELECT a.pid, a.usename, a.datname,
           (extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(a.xact_start, a.state_change)) * 1000)::int8 AS age_ms
      FROM pg_catalog.pg_stat_activity a
     WHERE a.backend_type = 'client backend' AND a.pid <> pg_catalog.pg_backend_pid()
       AND (a.xact_start IS NOT NULL OR a.wait_event = 'ClientWrite')
     ORDER BY coalesce(a.xact_start, a.state_change)
     LIMIT 1) s ON true
