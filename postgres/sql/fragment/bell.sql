-- Rings for whoever sleeps in wait of a row (annals/postgres/doorbell.hpp). It belongs to the table, in the DEFAULT of
-- recorded_at, so that every writer rings, in any language.
CREATE FUNCTION {schema}.{log}_ring() RETURNS timestamptz LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $body$
BEGIN
  PERFORM pg_notify(left('annals_{schema}_{log}', 63), '');
  RETURN clock_timestamp();
END
$body$;
