UPDATE {schema}.relay_checkpoints c SET retired = false
  FROM {schema}.relay_shards s
 WHERE s.relay = $1::text AND s.log = $2::text AND s.wanted = s.shards
   AND c.log = s.log AND c.relay = ANY ($3::text[]) AND c.retired
