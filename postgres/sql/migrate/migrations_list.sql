SELECT number, name, checksum, compatible_from
  FROM {schema}.schema_migrations WHERE module = $1::text ORDER BY number
