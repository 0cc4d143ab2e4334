-- Who owns schema $1 (NULL without it), who is logged in, and whether that role is or may become the role $2.
SELECT (SELECT pg_catalog.pg_get_userbyid(n.nspowner)::text FROM pg_catalog.pg_namespace n WHERE n.nspname = $1::text),
       current_user::text,
       $2::text = '' OR coalesce((SELECT pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER')
                                    FROM pg_catalog.pg_roles r WHERE r.rolname = $2::text), false)
