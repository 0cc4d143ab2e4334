-- What the programs may do in schema {schema}, and nothing beyond it: all or nothing. Made from the matrix of docs/security.md.
SET LOCAL search_path = pg_catalog, pg_temp;
DO $lock$
BEGIN
  PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('annals:roles:{schema}' COLLATE "C", 0));
END
$lock$;
