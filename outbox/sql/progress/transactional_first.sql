INSERT INTO {schema}.relay_checkpoints (relay, log, position, message_id, system_identifier, timeline, cursor, epoch,
                                        transactional_id, generation)
VALUES ($1::text, $2::text, $3::bigint, $4::uuid, $5::text, $6::text, $7::text, 1, $8::uuid, $9::uuid)
ON CONFLICT (relay, log) DO NOTHING
