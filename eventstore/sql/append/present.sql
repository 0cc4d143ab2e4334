-- The events of stream $1 after version $2, at most $3: to see whether an append had happened before.
SELECT {columns}
  FROM {schema}.events e
 WHERE e.stream_id = (SELECT s.stream_id FROM {schema}.streams s WHERE s.name::text = $1::text)
   AND e.version::bigint > $2::bigint
 ORDER BY e.version
 LIMIT $3::bigint
