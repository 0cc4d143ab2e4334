-- Whether an expression gives the same for a row when it is asked again; true where there is no row.
SELECT coalesce((SELECT (CASE WHEN true THEN ({expression}) END)::text IS NOT DISTINCT FROM (CASE WHEN true THEN ({expression}) END)::text
                   FROM {table} LIMIT 1), true)
