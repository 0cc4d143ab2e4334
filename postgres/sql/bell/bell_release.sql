-- Gives the bell up and wakes all that slept behind it, this session included ($3 tells it to ignore itself), as far as
-- the cluster's queue of notifications has room. The limit $4
-- that came with the bell goes with it, unless somebody has set another since.
SELECT pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended($1::text COLLATE "C", 0)),
       CASE WHEN pg_catalog.pg_notification_queue_usage() < 0.5 THEN pg_catalog.pg_notify($2::text, $3::text) END,
       CASE WHEN $4::text <> '' AND pg_catalog.current_setting('idle_session_timeout', true) = $4::text
            THEN pg_catalog.set_config('idle_session_timeout', '0', false) END
