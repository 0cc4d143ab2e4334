INSERT INTO {schema}.schema_migrations (module, number, name, checksum, compatible_from)
VALUES ($1::text, $2::int, $3::text, $4::bigint, $5::int)
