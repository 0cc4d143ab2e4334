-- Of the last $1 events those of streams that do not exist: stream id, first position, how many.
SELECT e.stream_id, pg_catalog.min(e.position), pg_catalog.count(*)
  FROM (SELECT position, stream_id FROM {schema}.events ORDER BY position DESC LIMIT $1::bigint) e
 WHERE NOT EXISTS (SELECT FROM {schema}.streams s WHERE s.stream_id = e.stream_id)
 GROUP BY e.stream_id
 ORDER BY 2
 LIMIT 100
