-- How far before the place $2 of the write-ahead log the reader of slot $1 has confirmed.
SELECT $2::bigint - (s.confirmed_flush_lsn - '0/0'::pg_lsn)::bigint
  FROM pg_catalog.pg_replication_slots s
 WHERE s.slot_name = $1::text AND s.slot_type = 'logical' AND s.database = pg_catalog.current_database()
