-- The lowest and the highest position of a log, NULL in an empty one.
SELECT (SELECT pg_catalog.min(e.position) FROM {relation} e), (SELECT pg_catalog.max(e.position) FROM {relation} e)
