-- How many positions are in the spans $1 … $2, which nobody has published, and how old the first message there is.
SELECT (SELECT coalesce(sum(greatest(least(s.last, e.position) - s.first + 1, 0)), 0)::bigint
          FROM unnest($1::bigint[], $2::bigint[]) AS s (first, last),
               (SELECT coalesce(max(position), 0) AS position FROM {relation}) AS e),
       (SELECT (extract(epoch FROM clock_timestamp() - r.recorded_at) * 1000)::bigint
          FROM unnest($1::bigint[], $2::bigint[]) AS s (first, last)
          CROSS JOIN LATERAL (SELECT position, recorded_at FROM {relation}
                               WHERE position BETWEEN s.first AND s.last ORDER BY position LIMIT 1) AS r
         ORDER BY r.position LIMIT 1)
