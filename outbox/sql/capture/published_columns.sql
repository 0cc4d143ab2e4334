-- The columns of the tables of publication $1, in the order of the tables: whether each is in the primary key, and in what the server logs of
-- a row that is updated or deleted; and of those a partition, as SQL has it, that does not log it: each has a replica identity of its own.
SELECT t.schemaname::text, t.tablename::text, c.relreplident::text, a.attname::text,
       coalesce(a.attnum = ANY ((p.indkey::int2[])[0:p.indnkeyatts - 1]), false),
       c.relreplident = 'f' OR coalesce(a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]), false),
       (SELECT pg_catalog.format('%I.%I', pn.nspname, l.relname)
          FROM pg_catalog.pg_partition_tree(c.oid) part
          JOIN pg_catalog.pg_class l ON l.oid = part.relid
          JOIN pg_catalog.pg_namespace pn ON pn.oid = l.relnamespace
          LEFT JOIN pg_catalog.pg_index li
            ON li.indrelid = l.oid AND CASE l.relreplident WHEN 'd' THEN li.indisprimary WHEN 'i' THEN li.indisreplident END
          LEFT JOIN pg_catalog.pg_attribute la
            ON la.attrelid = l.oid AND la.attname = a.attname AND la.attnum = ANY ((li.indkey::int2[])[0:li.indnkeyatts - 1])
         WHERE c.relkind = 'p' AND part.isleaf AND l.relkind <> 'p' AND l.relreplident <> 'f' AND la.attname IS NULL
         LIMIT 1)
  FROM pg_catalog.pg_publication_tables t
  JOIN pg_catalog.pg_namespace n ON n.nspname = t.schemaname
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_catalog.pg_index p ON p.indrelid = c.oid AND p.indisprimary
  LEFT JOIN pg_catalog.pg_index i
    ON i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END
 WHERE t.pubname = $1::text
 ORDER BY t.schemaname, t.tablename, a.attnum
