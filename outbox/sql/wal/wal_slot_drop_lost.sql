-- What it needed of the log is gone: it is good for nothing.
SELECT pg_catalog.pg_drop_replication_slot(s.slot_name) IS NOT NULL
  FROM pg_catalog.pg_replication_slots s
 WHERE s.slot_name = $1::text AND s.database = $2::text AND s.plugin = 'pgoutput' AND s.wal_status = 'lost' AND NOT s.active
