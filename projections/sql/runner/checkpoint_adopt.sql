-- Lands on the last event at or below $3.
UPDATE {schema}.projections p
   SET position = coalesce(e.position, 0), event_id = e.id, system_identifier = $4::text,
       updated_at = pg_catalog.clock_timestamp()
  FROM (SELECT) AS always
  LEFT JOIN LATERAL (SELECT e.position, e.{id} AS id FROM {relation} e
                      WHERE e.position <= $3::bigint ORDER BY e.position DESC LIMIT 1) e ON true
 WHERE p.name = $1::text AND p.version = $2::integer
