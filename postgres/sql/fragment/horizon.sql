-- Up to where the log is proven to be final: for readers on a replica, which cannot prove it.
CREATE TABLE {schema}.{log}_horizon (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  position  bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
  proven_at timestamptz
) WITH (fillfactor = 10);
INSERT INTO {schema}.{log}_horizon DEFAULT VALUES;

-- Whoever serves readers may move it; nobody beyond what is there, which would pass over all that is yet to come.
CREATE FUNCTION {schema}.bound_{log}_horizon() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
  IF NEW.position < OLD.position OR NEW.position > (SELECT coalesce(max(l.position), 0) FROM {schema}.{log} l) THEN
    RAISE EXCEPTION 'the horizon of %.{log} goes forward, and no further than its last row', TG_TABLE_SCHEMA
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$body$;
CREATE TRIGGER bound BEFORE UPDATE ON {schema}.{log}_horizon
  FOR EACH ROW EXECUTE FUNCTION {schema}.bound_{log}_horizon();
ALTER TABLE {schema}.{log}_horizon ENABLE ALWAYS TRIGGER bound;
