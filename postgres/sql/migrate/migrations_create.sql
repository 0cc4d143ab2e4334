CREATE TABLE {schema}.schema_migrations (
  module          text COLLATE "C" NOT NULL,
  number          int NOT NULL CHECK (number >= 1),
  name            text NOT NULL,
  checksum        bigint NOT NULL,  -- of the step's text: an applied step never changes
  -- Programs that know the steps up to this one may go on reading and writing.
  compatible_from int NOT NULL CHECK (compatible_from BETWEEN 1 AND number),
  applied_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (module, number)
);
