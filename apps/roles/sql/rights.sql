-- What everybody but the owner of each may do with the schemas $1 and $2, their relations, columns and functions.
WITH granted AS (
  SELECT n.nspname::text AS object, n.nspowner AS owner, a.grantee, a.privilege_type
    FROM pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) a
   WHERE n.nspname IN ($1::text, $2::text)
  UNION ALL
  SELECT n.nspname || '.' || c.relname, c.relowner, a.grantee, a.privilege_type
    FROM pg_catalog.pg_namespace n
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid, pg_catalog.aclexplode(c.relacl) a
   WHERE n.nspname IN ($1::text, $2::text)
  UNION ALL
  SELECT n.nspname || '.' || c.relname || ' (' || t.attname || ')', c.relowner, a.grantee, a.privilege_type
    FROM pg_catalog.pg_namespace n
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
    JOIN pg_catalog.pg_attribute t ON t.attrelid = c.oid, pg_catalog.aclexplode(t.attacl) a
   WHERE n.nspname IN ($1::text, $2::text) AND NOT t.attisdropped
  UNION ALL
  SELECT n.nspname || '.' || p.proname || '()', p.proowner, a.grantee, a.privilege_type
    FROM pg_catalog.pg_namespace n
    JOIN pg_catalog.pg_proc p ON p.pronamespace = n.oid, pg_catalog.aclexplode(p.proacl) a
   WHERE n.nspname IN ($1::text, $2::text)
)
SELECT coalesce(r.rolname::text, 'PUBLIC'), g.object, g.privilege_type
  FROM granted g LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.grantee
 WHERE g.grantee <> g.owner
