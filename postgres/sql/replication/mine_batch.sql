-- What the slot {mark} has from {from} on up to {upto}, or to the end of the transaction that is beyond; the slot moves on, behind it. In a
-- function that returns a set the server decodes all of it first, and keeps it (work_mem, then a temporary file) while it is being read.
--
-- Before that {mark} is moved to {from}, and {slot}, which keeps the log, to {confirmed}: only forward, elsewhere it would be an error, and only
-- while nobody holds it, as a walsender does that has not noticed yet that its stream is closed: another batch moves it then. The
-- server reads what a slot passes over, but decodes none of it.
COPY (WITH placed AS MATERIALIZED
        (SELECT m.slot_name,
                CASE WHEN m.confirmed_flush_lsn < '{from}'
                     THEN pg_catalog.pg_replication_slot_advance(m.slot_name, '{from}') END,
                (SELECT pg_catalog.pg_replication_slot_advance(s.slot_name, '{confirmed}')
                   FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = '{slot}' AND NOT s.active AND s.confirmed_flush_lsn < '{confirmed}')
           FROM pg_catalog.pg_replication_slots m WHERE m.slot_name = '{mark}')
      SELECT c.data
        FROM placed
       CROSS JOIN LATERAL pg_catalog.pg_logical_slot_get_binary_changes(
               placed.slot_name, '{upto}', NULL,
               'proto_version', '1', 'publication_names', '{publication}'{binary}{messages}) c)
  TO STDOUT (FORMAT binary)
