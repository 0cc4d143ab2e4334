-- Schemas of this role's search_path, and $1, in which PUBLIC may create.
SELECT n.nspname::text
  FROM pg_catalog.pg_namespace n
 WHERE (n.nspname = ANY (pg_catalog.current_schemas(false)) OR n.nspname = $1::text)
   AND pg_catalog.has_schema_privilege('public', n.oid, 'CREATE')
 ORDER BY 1
