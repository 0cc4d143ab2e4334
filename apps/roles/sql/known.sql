-- For each role of $1: whether it is there, is a superuser, and is or may become the owner of schema $2; whether it may make
-- roles so that no other is safe from it, may replicate, and passes over row security.
SELECT n.name, r.oid IS NOT NULL, coalesce(r.rolsuper, false),
       coalesce(pg_catalog.pg_has_role(r.oid, s.nspowner, 'MEMBER'), false),
       coalesce(r.rolcreaterole, false) AND pg_catalog.current_setting('server_version_num')::int < 160000,
       coalesce(r.rolreplication, false), coalesce(r.rolbypassrls, false)
  FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS n (name, ordinal)
  LEFT JOIN pg_catalog.pg_roles r ON r.rolname = n.name
  LEFT JOIN pg_catalog.pg_namespace s ON s.nspname = $2::text
 ORDER BY n.ordinal
