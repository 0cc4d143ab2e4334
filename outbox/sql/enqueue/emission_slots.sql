-- The slots that must have what is emitted, and whether they are there.
SELECT n.slot::text, EXISTS (SELECT FROM pg_catalog.pg_get_replication_slots() s
                              WHERE s.slot_name = n.slot AND s.datoid = (SELECT d.oid FROM pg_catalog.pg_database d
                                                                          WHERE d.datname = current_database()) AND s.wal_status IS DISTINCT FROM 'lost')
  FROM {schema}.outbox_emission e, unnest(e.slots) AS n (slot) ORDER BY n.slot
