-- How many positions after $1 were given out, and the age of the first message there. Between the last position of a partition of
-- 10^11 and the first of the next, none was.
SELECT coalesce((SELECT sum(greatest(top.position - greatest($1::bigint, part.number * 100000000000 - 1), 0))
                   FROM generate_series(greatest($1::bigint, (SELECT min(f.position) FROM {relation} f)) / 100000000000,
                                        (SELECT max(l.position) FROM {relation} l) / 100000000000) AS part (number),
                        LATERAL (SELECT r.position FROM {relation} r
                                  WHERE r.position >= part.number * 100000000000
                                    AND r.position < (part.number + 1) * 100000000000
                                  ORDER BY r.position DESC LIMIT 1) top), 0)::bigint,
       (SELECT (extract(epoch FROM clock_timestamp() - r.recorded_at) * 1000)::bigint
          FROM {relation} r WHERE r.position > $1::bigint ORDER BY r.position LIMIT 1)
