SELECT 1 FROM pg_catalog.pg_prepared_statements p WHERE p.name = $1::text
