-- Events of the stream $1 from version $2 down, at most $3; see read_stream_forward.sql.
SELECT e.position, {columns}
  FROM {schema}.events e
 WHERE e.stream_id = (SELECT s.stream_id FROM {schema}.streams s WHERE s.name::text = $1::text)
   AND e.version::bigint <= $2::bigint
 ORDER BY e.version DESC
 LIMIT $3::bigint
