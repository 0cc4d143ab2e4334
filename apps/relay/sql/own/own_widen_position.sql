ALTER TABLE {table} ALTER COLUMN {position} TYPE bigint
