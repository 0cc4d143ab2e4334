-- By whom a role of $1 has more in the schemas $2 and $3 than it was given itself: a role that it may take on (true), or one
-- that hands on what it was given (false).
WITH relations AS (
  SELECT c.oid, c.relowner, c.relacl
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname IN ($2::text, $3::text)
   UNION ALL
  SELECT p.oid, p.proowner, p.proacl
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname IN ($2::text, $3::text)
), granted AS (
  SELECT a.grantee, a.grantor, c.relowner AS owner FROM relations c, pg_catalog.aclexplode(c.relacl) a
  UNION
  SELECT a.grantee, a.grantor, c.relowner
    FROM relations c JOIN pg_catalog.pg_attribute t ON t.attrelid = c.oid, pg_catalog.aclexplode(t.attacl) a
)
SELECT r.rolname::text, g.rolname::text, true
  FROM pg_catalog.pg_roles r, pg_catalog.pg_roles g
 WHERE r.rolname = ANY ($1::text[]) AND g.oid <> r.oid AND pg_catalog.pg_has_role(r.oid, g.oid, 'MEMBER')
   AND (g.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_maintain', 'pg_execute_server_program',
                      'pg_read_server_files', 'pg_write_server_files', 'pg_signal_backend', 'pg_create_subscription')
        OR g.rolsuper OR g.rolreplication OR g.rolbypassrls
        OR g.rolcreaterole AND pg_catalog.current_setting('server_version_num')::int < 160000
        OR g.oid IN (SELECT grantee FROM granted))
UNION ALL
SELECT r.rolname::text, pg_catalog.pg_get_userbyid(a.grantor)::text, false
  FROM granted a JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
 WHERE r.rolname = ANY ($1::text[]) AND a.grantor <> a.owner
 LIMIT 1
