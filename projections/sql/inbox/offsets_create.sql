-- In key order, so that consumers that share partitions never wait for each other in a circle.
-- unnest of several arrays takes no schema: the grammar itself makes it pg_catalog.unnest of each.
INSERT INTO {schema}.inbox_offsets (consumer, topic, partition, next_offset)
SELECT $1, p.topic, p.number, 0
  FROM unnest($2::text[], $3::integer[]) AS p(topic, number)
 ORDER BY p.topic COLLATE "C", p.number
ON CONFLICT (consumer, topic, partition) DO NOTHING
