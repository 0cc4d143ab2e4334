INSERT INTO {schema}.relay_skips (relay, log, position, message_id, reason)
VALUES ($1::text, $2::text, $3::bigint, $4::uuid, $5::text)
ON CONFLICT (relay, log, position) DO NOTHING
