-- append.sql for one event and a stream that must exist ($2: -2, or a version above 0): what services do most, without
-- unpacking arrays and without the part that creates streams.
WITH head AS (
  UPDATE {schema}.streams s
     SET version = s.version::bigint + 1
   WHERE s.name::text = $1::text
     AND ($2::bigint < 0 OR s.version::bigint = $2::bigint)
  RETURNING s.stream_id, s.version
)
INSERT INTO {schema}.events (stream_id, version, {names})
SELECT h.stream_id, h.version, {parameters}
  FROM head h
RETURNING version, position
