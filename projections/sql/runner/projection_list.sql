-- The lag is counted up to $1, which bounds the work; beyond that the difference of positions is near enough.
SELECT p.name, p.version, p.position,
       CASE WHEN near.events < $1::bigint THEN near.events
            ELSE (SELECT pg_catalog.max(e.position) FROM {relation} e) - p.position END,
       p.reset_requested, p.updated_at, p.system_identifier, p.event_id
  FROM {schema}.projections p
 CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS events
                       FROM (SELECT FROM {relation} e WHERE e.position > p.position LIMIT $1::bigint) AS few) near
 ORDER BY p.name, p.version
