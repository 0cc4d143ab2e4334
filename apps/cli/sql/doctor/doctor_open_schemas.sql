-- Schemas of this role's search_path, and $1, in which PUBLIC may create. Our own session's path is pinned: what the role
-- has elsewhere is what a reset would give.
SELECT n.nspname::text
  FROM pg_catalog.pg_namespace n
 WHERE (n.nspname = $1::text
        OR n.nspname::text IN (SELECT pg_catalog.replace(pg_catalog.btrim(part, ' "'), '$user', session_user::text)
                                 FROM pg_catalog.pg_settings s,
                                      pg_catalog.unnest(pg_catalog.string_to_array(s.reset_val, ',')) AS part
                                WHERE s.name = 'search_path'))
   AND pg_catalog.has_schema_privilege('public', n.oid, 'CREATE')
 ORDER BY 1
