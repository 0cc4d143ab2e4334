-- The ordinals of those that are recorded.
SELECT m.ordinal
  FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS m(source, id, ordinal)
  JOIN {schema}.inbox_messages r ON r.consumer = $1 AND r.source = m.source AND r.message_id = m.id
