
DO $table$
BEGIN
  IF pg_catalog.to_regclass('{schema}.{table}') IS NOT NULL THEN
    REVOKE ALL ON {schema}.{table} FROM PUBLIC, {roles} CASCADE;
{grants}  END IF;
END
$table$;
