SELECT coalesce(max(r.position), 0)::bigint FROM {relation} r
