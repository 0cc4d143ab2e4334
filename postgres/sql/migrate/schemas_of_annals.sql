-- For whoever named another: the schemas here that have a list of steps.
SELECT n.nspname::text
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relname = 'schema_migrations' AND c.relkind = 'r'
 ORDER BY n.nspname LIMIT 5
