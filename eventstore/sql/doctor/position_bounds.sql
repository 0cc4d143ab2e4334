-- The lowest and the highest position of the log, whether this role may ask the sequence, and the last position that the
-- sequence gave out. The snapshot is taken before the sequence is asked: every position in it was given out by then.
SELECT (SELECT coalesce(pg_catalog.min(e.position), 0) FROM {schema}.events e),
       (SELECT coalesce(pg_catalog.max(e.position), 0) FROM {schema}.events e),
       pg_catalog.has_sequence_privilege(q.name, 'SELECT'),
       CASE WHEN pg_catalog.has_sequence_privilege(q.name, 'SELECT')
            THEN coalesce(pg_catalog.pg_sequence_last_value(q.name::regclass), 0) ELSE 0 END
  FROM (SELECT pg_catalog.pg_get_serial_sequence('{schema}.events', 'position')) q (name)
