-- Which of the (stream, version, event id) triples are in the log.
SELECT i.ordinal
  FROM unnest($1::text[], $2::bigint[], $3::uuid[]) WITH ORDINALITY AS i (stream, version, event_id, ordinal)
  JOIN {schema}.streams s ON s.name = i.stream
  JOIN {schema}.events e ON e.stream_id = s.stream_id AND e.version = i.version AND e.event_id = i.event_id
 ORDER BY i.ordinal
