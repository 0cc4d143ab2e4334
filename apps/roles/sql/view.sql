
DO $view$
BEGIN
  IF pg_catalog.to_regclass('{schema}.{table}') IS NOT NULL THEN
{definition}    REVOKE ALL ON {views}.{view} FROM PUBLIC, {roles} CASCADE;
    GRANT SELECT ON {views}.{view} TO {roles};
  END IF;
END
$view$;
