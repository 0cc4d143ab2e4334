-- Returns the ordinals of those that were not there. In key order against deadlocks; of two alike in one batch the
-- caller sends the first only.
-- unnest of several arrays takes no schema: the grammar itself makes it pg_catalog.unnest of each.
WITH batch AS (
  SELECT m.source, m.id, m.ordinal
    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS m(source, id, ordinal)
), fresh AS (
  INSERT INTO {schema}.inbox_messages (consumer, source, message_id)
  SELECT $1, b.source, b.id FROM batch b ORDER BY b.source COLLATE "C", b.id COLLATE "C"
  ON CONFLICT (consumer, source, message_id) DO NOTHING
  RETURNING source, message_id
)
SELECT b.ordinal FROM fresh f JOIN batch b ON b.source = f.source AND b.id = f.message_id
