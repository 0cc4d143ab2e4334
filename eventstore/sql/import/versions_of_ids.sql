-- At which version of the stream $1 the log has the id $2, if it has it: the first, where somebody gave an id twice.
SELECT i.ordinal, pg_catalog.min(e.version::bigint)
  FROM unnest($1::bigint[], $2::uuid[]) WITH ORDINALITY AS i (stream_id, event_id, ordinal)
  JOIN {schema}.events e ON e.stream_id = i.stream_id AND e.event_id::uuid = i.event_id
 GROUP BY i.ordinal
