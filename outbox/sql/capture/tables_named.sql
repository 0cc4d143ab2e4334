-- The table $2 of schema $1, or with '*' all of the schema; partitions come with what they are parts of. Whether it has some.
SELECT c.relname::text, c.relkind = 'p'
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1::text AND (c.relname = $2::text OR $2::text = '*') AND c.relkind IN ('r', 'p')
   AND NOT (c.relispartition AND $2::text = '*')
 ORDER BY c.relname
