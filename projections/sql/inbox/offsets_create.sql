-- Several members of a group may begin a topic at once: the first one's places hold. In key order against deadlocks.
INSERT INTO {schema}.inbox_offsets (consumer, topic, origin, partition, next_offset)
SELECT $1, $2, $3, p.number, p.next_offset
  FROM unnest($4::integer[], $5::bigint[]) AS p(number, next_offset)
 ORDER BY p.number
ON CONFLICT (consumer, topic, partition) DO NOTHING
