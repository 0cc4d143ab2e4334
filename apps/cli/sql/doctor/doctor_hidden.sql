-- Who asks, and how many sessions of this database it may not look into (pg_read_all_stats may).
SELECT current_user::text, pg_catalog.count(a.pid)
  FROM pg_catalog.pg_stat_activity a
 WHERE a.datname = pg_catalog.current_database() AND a.backend_type IS NULL
