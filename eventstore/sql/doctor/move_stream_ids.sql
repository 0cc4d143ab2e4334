-- Moves the sequence of stream ids past $1 unless it is there already: never back, and a thousand further for ids that are
-- drawn while this runs.
SELECT pg_catalog.setval('{schema}.streams_stream_id_seq', $1::bigint + 1000)
  FROM {schema}.streams_stream_id_seq q
 WHERE q.last_value < $1::bigint OR (q.last_value = $1::bigint AND NOT q.is_called)
