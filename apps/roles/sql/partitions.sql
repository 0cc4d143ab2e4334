
-- Nobody reaches a partition but through its table: who writes into one holds no lock on the table, and its readers would not wait
-- for him.
DO $partitions$
DECLARE
  partition text;
BEGIN
  FOR partition IN
    SELECT i.inhrelid::regclass::text
      FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
     WHERE c.relnamespace = pg_catalog.to_regnamespace('{schema}') AND c.relkind = 'p'
  LOOP
    EXECUTE 'REVOKE ALL ON ' || partition || ' FROM PUBLIC, {roles} CASCADE';
  END LOOP;
END
$partitions$;
