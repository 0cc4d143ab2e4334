-- Events of the stream $1 from version $2 on, at most $3. The stream's id is asked for by itself: for one id the index on
-- (stream_id, version) gives the rows in their order, and LIMIT ends the scan. With a join to streams instead, all that is left
-- of the stream was read and sorted first.
SELECT e.position, {columns}
  FROM {schema}.events e
 WHERE e.stream_id = (SELECT s.stream_id FROM {schema}.streams s WHERE s.name::text = $1::text)
   AND e.version::bigint >= $2::bigint
 ORDER BY e.version
 LIMIT $3::bigint
