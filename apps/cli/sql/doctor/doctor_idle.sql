SELECT pid, coalesce(application_name, ''), (extract(epoch FROM clock_timestamp() - state_change) * 1000)::bigint, coalesce(query, '')
  FROM pg_catalog.pg_stat_activity
 WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()
 ORDER BY state_change
