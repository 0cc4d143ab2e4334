-- The sequences that draw the positions of the tables $1.
SELECT l.relation, coalesce(s.seqcache, 0)::bigint, coalesce(s.seqcycle, false)
  FROM unnest($1::text[]) AS l (relation)
  LEFT JOIN pg_catalog.pg_sequence s ON s.seqrelid = pg_get_serial_sequence(l.relation, 'position')::regclass
 ORDER BY l.relation
