SELECT pg_catalog.pg_is_in_recovery(), (SELECT h.position FROM {relation} h WHERE h.proven_at IS NOT NULL)
