-- Only by the last one that opened it, and only from the position that it wrote or read last: a successor shuts its
-- predecessors out, and a checkpoint that anybody else has moved is noticed.
UPDATE {schema}.relay_checkpoints
   SET position = $3::bigint, message_id = $4::uuid, system_identifier = $5::text, timeline = $6::text, cursor = $7::text,
       updated_at = clock_timestamp(), in_broker = generation IS NOT NULL
 WHERE relay = $1::text AND log = $2::text AND epoch = $8::bigint AND position = $9::bigint
