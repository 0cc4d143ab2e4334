-- In key order, so that consumers that share partitions never wait for each other in a circle.
SELECT o.topic, o.partition, o.next_offset, o.last_id
  FROM {schema}.inbox_offsets o
 WHERE o.consumer = $1 AND (o.topic, o.partition) IN (SELECT * FROM unnest($2::text[], $3::integer[]))
 ORDER BY o.topic, o.partition
   FOR NO KEY UPDATE
