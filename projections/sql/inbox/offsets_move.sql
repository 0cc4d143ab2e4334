UPDATE {schema}.inbox_offsets o
   SET next_offset = p.next_offset, last_id = NULLIF(p.last_id, ''), updated_at = pg_catalog.clock_timestamp()
  FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::text[]) AS p(topic, number, next_offset, last_id)
 WHERE o.consumer = $1 AND o.topic = p.topic AND o.partition = p.number
