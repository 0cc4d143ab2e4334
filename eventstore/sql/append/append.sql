-- Appends the events $3.. to the stream $1 if it is at version $2 (-1: any, -2: exists, 0: no stream, n: exactly n).
-- The head is locked first, positions are drawn only after that: a loser draws none, and position order is version
-- order. No row: the stream was not at that version.
--
-- This runs in sessions of callers, whatever their search_path: functions are named with their schema, and a column whose
-- type is a domain is cast to its base type, so that operators are PostgreSQL's own. (unnest of several arrays is
-- syntax: it always means pg_catalog's.)
WITH existing AS (
  UPDATE {schema}.streams s
     SET version = s.version::bigint + pg_catalog.cardinality($3::uuid[])
   WHERE s.name::text = $1::text
     AND ($2::bigint < 0 OR s.version::bigint = $2::bigint)
  RETURNING s.stream_id, s.version::bigint
), created AS (
  INSERT INTO {schema}.streams (name, version)
  SELECT $1::text, pg_catalog.cardinality($3::uuid[])
   WHERE $2::bigint IN (0, -1) AND NOT EXISTS (SELECT FROM existing)
  ON CONFLICT (name) DO NOTHING
  RETURNING stream_id, version::bigint
), head AS (
  SELECT stream_id, version FROM existing
  UNION ALL
  SELECT stream_id, version FROM created
), appended AS (
  INSERT INTO {schema}.events (stream_id, version, {names})
  SELECT h.stream_id, h.version - pg_catalog.cardinality($3::uuid[]) + e.ordinal, {values}
    FROM head h
   CROSS JOIN unnest({arrays}) WITH ORDINALITY AS e ({names}, ordinal)
   ORDER BY e.ordinal
  RETURNING position, version::bigint
)
SELECT pg_catalog.max(version), pg_catalog.max(position) FROM appended HAVING pg_catalog.count(*) > 0
