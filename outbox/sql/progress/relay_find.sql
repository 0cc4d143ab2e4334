SELECT relay, log, position, message_id, system_identifier, timeline, updated_at, generation IS NOT NULL,
       (SELECT count(*) FROM {schema}.relay_parked p
         WHERE p.relay = c.relay AND p.log = c.log AND p.done_at IS NULL AND p.policy = 'park'),
       (SELECT count(*) FROM {schema}.relay_parked p
         WHERE p.relay = c.relay AND p.log = c.log AND p.done_at IS NULL AND p.policy = 'dead-letter'),
       cursor
  FROM {schema}.relay_checkpoints c WHERE relay = $1::text AND log = $2::text
