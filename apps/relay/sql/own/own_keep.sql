CREATE OR REPLACE FUNCTION {keep_function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $keep$
DECLARE
  highest bigint;
  published bigint;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
      RAISE EXCEPTION 'TRUNCATE on % refused: this transaction may not see the last rows', {name}
        USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'repeat it in a transaction that is READ COMMITTED';
    END IF;
    SELECT max(t.{position}) INTO highest FROM {table} t;
  ELSE
    SELECT max(g.{position}) INTO highest FROM gone g;
  END IF;
  SELECT coalesce(min(c.position), 0) INTO published FROM {schema}.relay_checkpoints c WHERE c.log = {name};
  IF highest >= published THEN
    RAISE EXCEPTION '% on % refused: relays are done with what is below position %, and this has position %',
                    TG_OP, {name}, published, highest
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = {hint};
  END IF;
  RETURN NULL;
END
$keep$;
DROP TRIGGER IF EXISTS annals_keep ON {table};
CREATE TRIGGER annals_keep AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION {keep_function}();
DROP TRIGGER IF EXISTS annals_keep_all ON {table};
CREATE TRIGGER annals_keep_all BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {keep_function}()
