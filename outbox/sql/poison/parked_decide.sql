INSERT INTO {schema}.relay_decisions (relay, log, position, message_id, action, headers, reason)
VALUES ($1::text, $2::text, $3::bigint, $4::uuid, $5::text, $6::text[], $7::text)
