-- The events of stream $1 after version $2, at most $3: to see whether an append had happened before.
SELECT e.event_id, e.type, e.data
  FROM {schema}.events e JOIN {schema}.streams s ON s.stream_id = e.stream_id
 WHERE s.name = $1::text AND e.version > $2::bigint
 ORDER BY e.version
 LIMIT $3::bigint
