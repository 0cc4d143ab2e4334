-- Heads of the streams $1, locked in byte order of their names.
SELECT name::text, stream_id, version::bigint
  FROM {schema}.streams
 WHERE name::text = ANY ($1::text[])
 ORDER BY name::text COLLATE pg_catalog."C"
   FOR UPDATE
