-- Only forward: elsewhere it would be an error. The server reads what it passes over, but decodes none of it.
SELECT pg_catalog.pg_replication_slot_advance(s.slot_name, '{lsn}')
  FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = '{slot}' AND s.confirmed_flush_lsn < '{lsn}'
