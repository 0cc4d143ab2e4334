-- How many positions in the spans $1 … $2, which nobody has published, were given out, and the age of the first message there.
-- Between the last position of a partition of 10^11 and the first of the next, none was.
WITH span AS MATERIALIZED (SELECT s.first, s.last FROM unnest($1::bigint[], $2::bigint[]) AS s (first, last)),
     part AS MATERIALIZED (
       SELECT p.number * 100000000000 AS first, top.position AS last
         FROM generate_series((SELECT min(f.position) FROM {relation} f) / 100000000000,
                              (SELECT max(l.position) FROM {relation} l) / 100000000000) AS p (number),
              LATERAL (SELECT r.position FROM {relation} r
                        WHERE r.position >= p.number * 100000000000 AND r.position < (p.number + 1) * 100000000000
                        ORDER BY r.position DESC LIMIT 1) AS top)
SELECT coalesce((SELECT sum(greatest(least(s.last, p.last) - greatest(s.first, p.first) + 1, 0))
                   FROM span s, part p), 0)::bigint,
       (SELECT (extract(epoch FROM clock_timestamp() - r.recorded_at) * 1000)::bigint
          FROM span s
          CROSS JOIN LATERAL (SELECT l.position, l.recorded_at FROM {relation} l
                               WHERE l.position BETWEEN s.first AND s.last ORDER BY l.position LIMIT 1) AS r
         ORDER BY r.position LIMIT 1)
