-- The lowest and the highest position of a log, NULL in an empty one, whether this role may ask the sequence, and the last
-- position that the sequence gave out. The snapshot is taken before the sequence is asked: every position in it was given
-- out by then.
SELECT (SELECT pg_catalog.min(e.position) FROM {relation} e),
       (SELECT pg_catalog.max(e.position) FROM {relation} e),
       pg_catalog.has_sequence_privilege(q.name, 'SELECT'),
       CASE WHEN pg_catalog.has_sequence_privilege(q.name, 'SELECT')
            THEN coalesce(pg_catalog.pg_sequence_last_value(q.name::regclass), 0) ELSE 0 END,
       q.name
  FROM (SELECT pg_catalog.pg_get_serial_sequence('{relation}', 'position')) q (name)
