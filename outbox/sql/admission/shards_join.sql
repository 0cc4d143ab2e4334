-- The first shard of a relay that starts says how many there are; where the relay has published before, it is one.
INSERT INTO {schema}.relay_shards (relay, log, shards, wanted)
SELECT $1::text, $2::text, n.shards, n.shards
  FROM (SELECT CASE WHEN EXISTS (SELECT FROM {schema}.relay_checkpoints c WHERE c.relay = $1::text AND c.log = $2::text)
                    THEN 1 ELSE $3::integer END AS shards) n
 WHERE NOT EXISTS (SELECT FROM {schema}.relay_shards s WHERE s.relay = $1::text AND s.log = $2::text)
ON CONFLICT (relay, log) DO NOTHING
