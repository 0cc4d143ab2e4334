-- The columns of the primary key of the table with oid $1, in its order.
SELECT a.attname::text
  FROM pg_catalog.pg_index p
  JOIN LATERAL unnest((p.indkey::int2[])[0:p.indnkeyatts - 1]) WITH ORDINALITY AS k (attnum, place) ON true
  JOIN pg_catalog.pg_attribute a ON a.attrelid = p.indrelid AND a.attnum = k.attnum
 WHERE p.indisprimary AND p.indrelid = ($1::bigint)::pg_catalog.oid
 ORDER BY k.place
