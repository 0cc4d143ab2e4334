-- One row when the schema $1 is there: who owns it and its list of steps (NULL when there is none), who asks, and whether
-- the list is a plain table (a view or a row policy would run its maker's functions as whoever reads it). What belongs to
-- pg_database_owner belongs to the owner of the database.
SELECT s.owner::text, c.owner::text, current_user::text, c.plain
  FROM (SELECT n.oid,
               CASE WHEN r.rolname = 'pg_database_owner'
                    THEN (SELECT pg_catalog.pg_get_userbyid(d.datdba) FROM pg_catalog.pg_database d
                           WHERE d.datname = pg_catalog.current_database())
                    ELSE pg_catalog.pg_get_userbyid(n.nspowner) END AS owner
          FROM pg_catalog.pg_namespace n LEFT JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner
         WHERE n.nspname = $1::text) AS s
  LEFT JOIN LATERAL (SELECT pg_catalog.pg_get_userbyid(t.relowner) AS owner,
                            t.relkind = 'r' AND NOT t.relrowsecurity AS plain
                       FROM pg_catalog.pg_class t
                      WHERE t.relnamespace = s.oid AND t.relname = 'schema_migrations') AS c ON true
