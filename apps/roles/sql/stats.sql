-- To see what other sessions do; not the owner's to grant.
DO $stats$
BEGIN
  IF pg_catalog.pg_has_role('{role}', 'pg_read_all_stats', 'USAGE') THEN
    RETURN;
  ELSIF pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'MEMBER WITH ADMIN OPTION') THEN
    GRANT pg_read_all_stats TO {role};
  ELSE
    RAISE NOTICE 'as a superuser, too: GRANT pg_read_all_stats TO {role}';
  END IF;
END
$stats$;
