SELECT pg_catalog.has_sequence_privilege($1::text, 'SELECT')
