-- The roles of other sessions of this database that may do more than a program needs: tables of schema $1 are theirs.
SELECT DISTINCT r.rolname::text, r.rolsuper,
       EXISTS (SELECT FROM pg_catalog.pg_class c
                WHERE c.relnamespace = pg_catalog.to_regnamespace($1::text) AND c.relowner = r.oid AND c.relkind IN ('r', 'p'))
  FROM pg_catalog.pg_stat_activity a
  JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
 WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
 ORDER BY 1
