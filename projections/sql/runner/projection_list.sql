-- The lag is counted up to $1, which bounds the work; beyond that the difference of positions is near enough. Last: how many
-- milliseconds events have waited and the checkpoint stood still; NULL when none waits.
SELECT p.name, p.version, p.position,
       CASE WHEN near.events < $1::bigint THEN near.events
            ELSE (SELECT pg_catalog.max(e.position) FROM {relation} e) - p.position END,
       p.reset_requested, p.updated_at, p.system_identifier, p.event_id,
       (SELECT (extract(epoch FROM pg_catalog.clock_timestamp() - greatest(e.recorded_at, p.updated_at)) * 1000)::bigint
          FROM {relation} e WHERE e.position > p.position ORDER BY e.position LIMIT 1)
  FROM {schema}.projections p
 CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS events
                       FROM (SELECT FROM {relation} e WHERE e.position > p.position LIMIT $1::bigint) AS few) near
 ORDER BY p.name, p.version
