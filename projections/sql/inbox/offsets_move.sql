UPDATE {schema}.inbox_offsets o
   SET next_offset = p.next_offset, updated_at = pg_catalog.clock_timestamp()
  FROM unnest($2::text[], $3::integer[], $4::bigint[]) AS p(topic, number, next_offset)
 WHERE o.consumer = $1 AND o.topic = p.topic AND o.partition = p.number
