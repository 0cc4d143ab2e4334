-- What annals-relay reads from the write-ahead log, when it is told to; without a slot it costs nothing. It takes CREATE on the
-- database to make one: an owner that has not leaves it to whoever has, and the relay says how.
DO $publication$
BEGIN
  IF pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') THEN
    CREATE PUBLICATION {schema}_{log} FOR TABLE {schema}.{log} WITH (publish = 'insert', publish_via_partition_root = true);
  END IF;
END
$publication$;
