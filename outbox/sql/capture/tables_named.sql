-- The table $2 of schema $1, or with '*' all of the schema that a publication can have; partitions come with what they are parts of. Whether it
-- has some, and its oid.
SELECT c.relname::text, c.relkind = 'p', c.oid::bigint
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1::text AND c.relkind IN ('r', 'p')
   AND (c.relname = $2::text OR ($2::text = '*' AND NOT c.relispartition AND c.relpersistence = 'p'))
 ORDER BY c.relname
