-- How soon the server notices that this client is gone. Sessions over a Unix-domain socket ignore the first four; the
-- last needs version 14 and a system that reports a hang-up, and without it is left out.
SELECT pg_catalog.set_config('tcp_keepalives_idle', '{idle_s}', false),
       pg_catalog.set_config('tcp_keepalives_interval', '{interval_s}', false),
       pg_catalog.set_config('tcp_keepalives_count', '3', false),
       pg_catalog.set_config('tcp_user_timeout', '{unacknowledged_ms}', false),
       CASE WHEN pg_catalog.current_setting('client_connection_check_interval', true) IS NOT NULL
                 AND pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0
            THEN pg_catalog.set_config('client_connection_check_interval', '{check_ms}', false) END
