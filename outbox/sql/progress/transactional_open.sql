-- A new owner, as in checkpoint_open.sql, whose checkpoint the broker keeps. Without a generation this row had the say until
-- now: it begins one.
UPDATE {schema}.relay_checkpoints
   SET epoch = epoch + 1, transactional_id = coalesce(transactional_id, gen_random_uuid()),
       generation = coalesce(generation, gen_random_uuid())
 WHERE relay = $1::text AND log = $2::text
RETURNING position, message_id, system_identifier, timeline, epoch, cursor, transactional_id, generation, in_broker
