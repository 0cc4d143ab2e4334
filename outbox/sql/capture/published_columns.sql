-- The columns of the tables of publication $1, in the order of the tables: whether each is in the primary key, and in what the server logs of
-- a row that is updated or deleted.
SELECT t.schemaname::text, t.tablename::text, c.relreplident::text, a.attname::text,
       coalesce(a.attnum = ANY ((p.indkey::int2[])[0:p.indnkeyatts - 1]), false),
       c.relreplident = 'f' OR coalesce(a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]), false)
  FROM pg_catalog.pg_publication_tables t
  JOIN pg_catalog.pg_namespace n ON n.nspname = t.schemaname
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_catalog.pg_index p ON p.indrelid = c.oid AND p.indisprimary
  LEFT JOIN pg_catalog.pg_index i
    ON i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END
 WHERE t.pubname = $1::text
 ORDER BY t.schemaname, t.tablename, a.attnum
