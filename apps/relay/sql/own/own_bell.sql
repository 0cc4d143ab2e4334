CREATE OR REPLACE FUNCTION {bell_function}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $bell$
BEGIN
  IF NOT pg_try_advisory_xact_lock_shared(hashtextextended({bell} COLLATE "C", 0)) AND pg_notification_queue_usage() < 0.5 THEN
    PERFORM pg_notify({channel}, '');
  END IF;
  RETURN NULL;
END
$bell$;
DROP TRIGGER IF EXISTS annals_bell ON {table};
CREATE TRIGGER annals_bell AFTER INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {bell_function}()
