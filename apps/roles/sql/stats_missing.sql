SELECT r.rolname::text
  FROM pg_catalog.pg_roles r
 WHERE r.rolname = ANY ($1::text[]) AND NOT pg_catalog.pg_has_role(r.oid, 'pg_read_all_stats', 'USAGE')
 ORDER BY 1
