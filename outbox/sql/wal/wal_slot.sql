SELECT coalesce(s.plugin, 'none')::text, coalesce(s.database, 'none')::text, s.active_pid IS NOT NULL,
       coalesce((s.confirmed_flush_lsn - '0/0'::pg_lsn)::bigint, 0), coalesce(s.wal_status, 'unknown')::text,
       coalesce((CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                      ELSE pg_catalog.pg_current_wal_lsn() END - s.restart_lsn)::bigint, 0)
  FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1::text
