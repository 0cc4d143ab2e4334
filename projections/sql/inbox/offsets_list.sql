SELECT o.partition, o.next_offset, o.origin, o.last_id IS NOT NULL
  FROM {schema}.inbox_offsets o
 WHERE o.consumer = $1 AND o.topic = $2
