INSERT INTO {schema}.relay_instances (instance, relay, log, lock_key, host, pid)
VALUES ($1::uuid, $2::text, $3::text, $4::bigint, $5::text, $6::integer)
ON CONFLICT (instance, relay, log) DO NOTHING
