INSERT INTO {schema}.relay_checkpoints (relay, log, position, message_id, system_identifier, timeline, epoch,
                                        transactional_id, generation)
VALUES ($1::text, $2::text, $3::bigint, $4::uuid, $5::text, $6::text, 1, $7::uuid, $8::uuid)
ON CONFLICT (relay, log) DO NOTHING
