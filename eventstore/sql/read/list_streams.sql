SELECT name, version, created_at
  FROM {schema}.streams
 WHERE name ^@ $1::text AND name > $2::text
 ORDER BY name
 LIMIT $3::bigint
