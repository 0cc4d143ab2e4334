-- The columns of the primary key of table $1.$2, in its order.
SELECT a.attname::text
  FROM pg_catalog.pg_index p
  JOIN LATERAL unnest((p.indkey::int2[])[0:p.indnkeyatts - 1]) WITH ORDINALITY AS k (attnum, place) ON true
  JOIN pg_catalog.pg_attribute a ON a.attrelid = p.indrelid AND a.attnum = k.attnum
 WHERE p.indisprimary AND p.indrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1::text, $2::text))
 ORDER BY k.place
