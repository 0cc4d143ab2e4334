-- Only from the position that this owner wrote or read last: a second writer is noticed, and the checkpoint never goes
-- back.
UPDATE {schema}.relay_checkpoints
   SET position = $4::bigint, message_id = (SELECT r.{id} FROM {relation} r WHERE r.position = $4::bigint),
       timeline = $5::text, updated_at = clock_timestamp()
 WHERE relay = $1::text AND log = $2::text AND position = $3::bigint
