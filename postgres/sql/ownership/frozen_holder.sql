-- The session that holds {key} exclusively while its server is stuck in writing to it, as one number: the same as long as it
-- is stuck in the same moment of the same session. No row: there is none. It is ended when the number is {convicted};
-- before version 14, where the server keeps no lease, also when it is silent for one and a half of it. A session that is stuck
-- in writing a notification is idle, and would be ended by the lease if it were not stuck: at once when the lease is over.
-- Who may: the same role, or one that has its rights.
WITH wanted AS (SELECT ({key})::bigint AS key),
-- include postgres/sql/fragment/holders_of_lock.sql of=wanted
, holder AS MATERIALIZED (
  SELECT a.pid, r.oid AS role, r.rolsuper,
         pg_catalog.hashtextextended(a.pid::text || '/' || a.state_change::text, 0) AS moment,
         a.state = 'idle'
         AND (a.wait_event IS DISTINCT FROM 'ClientWrite'
              OR a.state_change < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => {lease_ms} * 0.001)) AS silent
    FROM wanted_holders l
    JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
   WHERE l.mode = 'ExclusiveLock'
     AND (a.wait_event = 'ClientWrite'
          OR (a.state = 'idle' AND pg_catalog.current_setting('idle_session_timeout', true) IS NULL
              AND a.state_change < pg_catalog.clock_timestamp()
                                   - pg_catalog.make_interval(secs => greatest({lease_ms}, 30000) * 0.0015)))
)
SELECT h.moment,
       CASE WHEN (h.silent OR h.moment = {convicted})
             AND pg_catalog.pg_has_role(h.role, 'USAGE')
             AND (NOT h.rolsuper OR pg_catalog.current_setting('is_superuser') = 'on')
            THEN pg_catalog.pg_terminate_backend(h.pid) END
  FROM holder h
