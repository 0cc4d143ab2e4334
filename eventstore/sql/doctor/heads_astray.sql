-- Heads that their events contradict: of the streams of the last $1 events and of the $2 newest streams, those whose head
-- is not the version of the last event, or whose last $3 versions are not all there.
WITH looked_at AS (
  SELECT stream_id FROM (SELECT e.stream_id FROM {schema}.events e ORDER BY e.position DESC LIMIT $1::bigint) recent
   UNION
  SELECT stream_id FROM (SELECT s.stream_id FROM {schema}.streams s ORDER BY s.stream_id DESC LIMIT $2::bigint) newest
)
SELECT s.stream_id, s.name, s.version, coalesce(last.version, 0), tail.there, least(s.version::bigint, $3::bigint)
  FROM looked_at l
  JOIN {schema}.streams s ON s.stream_id = l.stream_id
  LEFT JOIN LATERAL (SELECT e.version::bigint FROM {schema}.events e WHERE e.stream_id = s.stream_id
                      ORDER BY e.version DESC LIMIT 1) last ON true
 CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS there FROM {schema}.events e
                      WHERE e.stream_id = s.stream_id AND e.version::bigint <= s.version::bigint
                        AND e.version::bigint > s.version::bigint - $3::bigint) tail
 WHERE coalesce(last.version, 0) <> s.version::bigint OR tail.there <> least(s.version::bigint, $3::bigint)
 ORDER BY s.stream_id
 LIMIT 100
