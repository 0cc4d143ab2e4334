CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE IF NOT EXISTS {schema}.schema_migrations (
  module     text COLLATE "C" NOT NULL,
  number     int NOT NULL,
  name       text NOT NULL,
  checksum   bigint NOT NULL,  -- of the step's text: an applied step never changes
  applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (module, number)
);
