SELECT (SELECT greatest(coalesce(max(position), 0) - $1::bigint, 0)::bigint FROM {relation}),
       (SELECT (extract(epoch FROM clock_timestamp() - r.recorded_at) * 1000)::bigint
          FROM {relation} r WHERE r.position > $1::bigint ORDER BY r.position LIMIT 1)
