SELECT coalesce(s.plugin, 'none')::text, coalesce(s.database, 'none')::text, coalesce(s.active_pid, 0)::int,
       coalesce((s.confirmed_flush_lsn - '0/0'::pg_lsn)::bigint, 0), coalesce(s.wal_status, 'unknown')::text
  FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1::text
