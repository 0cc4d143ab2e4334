-- Lands on the last row at or below $3.
INSERT INTO {schema}.relay_checkpoints (relay, log, position, message_id, system_identifier, timeline, epoch)
SELECT $1::text, $2::text, coalesce(max(r.position), 0), (array_agg(r.{id}))[1], $4::text, $5::text, 1
  FROM (SELECT l.position, l.{id} FROM {relation} l WHERE l.position <= $3::bigint ORDER BY l.position DESC LIMIT 1) r
ON CONFLICT (relay, log) DO UPDATE
   SET position = EXCLUDED.position, message_id = EXCLUDED.message_id,
       system_identifier = EXCLUDED.system_identifier, timeline = EXCLUDED.timeline, cursor = NULL, updated_at = clock_timestamp(),
       epoch = relay_checkpoints.epoch + 1, generation = NULL, in_broker = false
