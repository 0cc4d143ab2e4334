-- append.sql for one event and a stream that must not exist yet ($2 is 0): what services do next to most, without
-- looking for a head first and without unpacking arrays.
WITH head AS (
  INSERT INTO {schema}.streams (name, version)
  SELECT $1::text, 1 WHERE $2::bigint = 0
  ON CONFLICT (name) DO NOTHING
  RETURNING stream_id, version
)
INSERT INTO {schema}.events (stream_id, version, {names})
SELECT h.stream_id, h.version, {parameters}
  FROM head h
RETURNING version, position
