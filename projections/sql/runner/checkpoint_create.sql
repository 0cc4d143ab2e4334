INSERT INTO {schema}.projections (name, version, system_identifier) VALUES ($1, $2::integer, $3)
ON CONFLICT (name, version) DO NOTHING
