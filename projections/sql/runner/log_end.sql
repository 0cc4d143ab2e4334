SELECT coalesce(pg_catalog.max(position), 0)::bigint FROM {relation}
