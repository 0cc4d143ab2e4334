-- The type of an expression over a row of the table; the server says what is wrong with one that is none.
SELECT pg_catalog.pg_typeof((SELECT CASE WHEN true THEN ({expression}) END FROM {table} LIMIT 0))::text
