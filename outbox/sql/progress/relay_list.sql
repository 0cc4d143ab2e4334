-- Of one relay, or of all that have a checkpoint on the log.
SELECT relay, log, position, message_id, system_identifier, timeline, updated_at, generation IS NOT NULL,
       (SELECT count(*) FROM {schema}.relay_parked p
         WHERE p.relay = c.relay AND p.log = c.log AND p.done_at IS NULL AND p.policy = 'park'),
       (SELECT count(*) FROM {schema}.relay_parked p
         WHERE p.relay = c.relay AND p.log = c.log AND p.done_at IS NULL AND p.policy = 'dead-letter'),
       c.epoch, c.retired, (SELECT i.host || ':' || i.pid FROM {schema}.relay_instances i
                             WHERE i.instance = c.instance AND i.log = c.log LIMIT 1),
       cursor
  FROM {schema}.relay_checkpoints c WHERE log = $1::text AND relay = coalesce($2::text, relay) ORDER BY relay
