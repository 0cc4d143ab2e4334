-- Heads of the streams $1, for who only looks.
SELECT name::text, stream_id, version::bigint
  FROM {schema}.streams
 WHERE name::text = ANY ($1::text[])
