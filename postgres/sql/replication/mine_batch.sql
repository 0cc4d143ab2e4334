-- What the slot {slot} has up to {upto}, or to the end of the transaction that is beyond; the slot moves on, behind it. In a function
-- that returns a set the server decodes all of it first, and keeps it (work_mem, then a temporary file) while it is being read.
COPY (SELECT c.data
        FROM pg_catalog.pg_logical_slot_get_binary_changes(
               '{slot}', '{upto}', NULL,
               'proto_version', '1', 'publication_names', '{publication}', 'binary', 'true'{messages}) c)
  TO STDOUT (FORMAT binary)
