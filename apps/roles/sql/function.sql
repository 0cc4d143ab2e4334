
DO $function$
BEGIN
  IF pg_catalog.to_regprocedure('{schema}.{table}') IS NOT NULL THEN
    REVOKE ALL ON FUNCTION {schema}.{table} FROM PUBLIC, {roles} CASCADE;
{grants}  END IF;
END
$function$;
