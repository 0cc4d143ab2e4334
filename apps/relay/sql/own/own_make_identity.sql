BEGIN;
ALTER TABLE {table} ALTER COLUMN {position} SET NOT NULL, ALTER COLUMN {position} DROP DEFAULT;
{disown}ALTER TABLE {table} ALTER COLUMN {position} ADD GENERATED ALWAYS AS IDENTITY;
SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence({table_text}, {position_text}), coalesce(max(t.{position}), 0) + 1, false)
  FROM {table} t;
COMMIT
