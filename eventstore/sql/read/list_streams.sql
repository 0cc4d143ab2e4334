SELECT name, version, (extract(epoch FROM created_at) * 1000000)::bigint
  FROM {schema}.streams
 WHERE name ^@ $1::text AND name > $2::text
 ORDER BY name
 LIMIT $3::bigint
