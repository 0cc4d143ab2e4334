-- The checkpoints of the new shards $3 are at the lowest of the old ones $2.
INSERT INTO {schema}.relay_checkpoints (relay, log, position, message_id, system_identifier, timeline)
SELECT s.name, $1::text, c.position, c.message_id, c.system_identifier, c.timeline
  FROM (SELECT o.* FROM {schema}.relay_checkpoints o WHERE o.log = $1::text AND o.relay = ANY ($2::text[])
         ORDER BY o.position LIMIT 1) c,
       pg_catalog.unnest($3::text[]) s(name)
