-- How a relay divides a log, and of the shard of the name $3 whether it has retired, and its position.
SELECT s.shards, s.wanted, pg_catalog.array_to_string(s.came_from, ' '),
       coalesce(c.retired, false), coalesce(c.position, 0)
  FROM {schema}.relay_shards s
  LEFT JOIN {schema}.relay_checkpoints c ON c.relay = $3::text AND c.log = s.log
 WHERE s.relay = $1::text AND s.log = $2::text
