INSERT INTO {schema}.relay_checkpoints (relay, log, position, system_identifier, timeline)
VALUES ($1::text, $2::text, 0, $3::text, $4::text)
ON CONFLICT (relay, log) DO NOTHING
