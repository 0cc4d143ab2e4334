-- Rings for whoever sleeps in wait of a row (annals/postgres/doorbell.hpp). It belongs to the table, in the DEFAULT of
-- recorded_at, so that every writer rings, in any language. The queue of notifications is one for the whole cluster; when
-- somebody lets it fill up, readers are left to their slow poll, and no append fails for it.
CREATE FUNCTION {schema}.{log}_ring() RETURNS timestamptz LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $body$
BEGIN
  IF pg_notification_queue_usage() < 0.5 THEN
    PERFORM pg_notify(left('annals_{schema}_{log}', 63), '');
  END IF;
  RETURN clock_timestamp();
END
$body$;
