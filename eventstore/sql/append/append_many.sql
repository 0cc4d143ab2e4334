-- Appends events of many streams in the order given, whatever the streams' versions: streams $1, then as append.sql.
-- Heads are locked in byte order of their names, as heads.sql locks them, before any position is drawn: whatever the
-- database's collation, who goes in that order never deadlocks with this.
WITH input AS (
  SELECT * FROM unnest($1::text[], {arrays}) WITH ORDINALITY AS e (stream, {names}, ordinal)
), head AS (
  INSERT INTO {schema}.streams AS s (name, version)
  SELECT i.stream, pg_catalog.count(*) FROM input i GROUP BY i.stream ORDER BY i.stream COLLATE pg_catalog."C"
  ON CONFLICT (name) DO UPDATE SET version = s.version::bigint + EXCLUDED.version::bigint
  RETURNING s.stream_id, s.name::text, s.version::bigint
), appended AS (
  INSERT INTO {schema}.events (stream_id, version, {names})
  SELECT h.stream_id,
         h.version - pg_catalog.count(*) OVER (PARTITION BY e.stream)
                   + pg_catalog.row_number() OVER (PARTITION BY e.stream ORDER BY e.ordinal),
         {values}
    FROM input e JOIN head h ON h.name = e.stream
   ORDER BY e.ordinal
  RETURNING position, version
)
SELECT version FROM appended ORDER BY position
