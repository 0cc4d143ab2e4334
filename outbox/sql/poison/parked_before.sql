-- The first of the same key that cannot be published, comes before, and that nobody has decided about since it last failed.
SELECT p.position FROM {schema}.relay_parked m JOIN {schema}.relay_parked p
    ON p.relay = m.relay AND p.log = m.log AND p.topic = m.topic AND p.key = m.key AND p.place < m.place
 WHERE m.relay = $1::text AND m.log = $2::text AND m.position = $3::bigint AND m.message_id = $4::uuid
   AND m.policy = 'park' AND p.policy = 'park' AND p.done_at IS NULL AND p.reason <> ''
   AND NOT EXISTS (SELECT FROM {schema}.relay_decisions x
                    WHERE x.relay = p.relay AND x.log = p.log AND x.position = p.position AND x.message_id = p.message_id
                      AND x.decision > p.decision AND x.action IN ('retry', 'skip'))
 ORDER BY p.place LIMIT 1
