-- Moves the head of each stream $1 on by $2 events, and creates those that are not there, before any position is drawn.
-- In byte order of their names, whatever the database's collation. Those that are there were locked before, in the same
-- order; so who goes in that order meets no deadlock, unless a new stream comes before one that is there.
INSERT INTO {schema}.streams AS s (name, version)
SELECT i.name, i.events
  FROM unnest($1::text[], $2::bigint[]) AS i (name, events)
 ORDER BY i.name COLLATE pg_catalog."C"
ON CONFLICT (name) DO UPDATE SET version = s.version::bigint + EXCLUDED.version::bigint
RETURNING s.name::text, s.stream_id, s.version::bigint
