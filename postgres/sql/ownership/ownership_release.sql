SELECT pg_catalog.pg_advisory_unlock(CAST('{key}' AS bigint))
