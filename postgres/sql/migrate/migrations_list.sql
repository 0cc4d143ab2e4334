SELECT number, name, checksum FROM {schema}.schema_migrations WHERE module = $1::text ORDER BY number
