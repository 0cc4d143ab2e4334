-- What may be published or given up now, in order. Of a key: up to the first message that cannot be published and that nobody has
-- decided about. Those that merely wait behind it need no decision of their own, but may be given up.
WITH stuck AS MATERIALIZED (
  SELECT p.place, p.policy, p.topic, p.key, d.decision, d.action
    FROM {schema}.relay_parked p
    LEFT JOIN LATERAL (SELECT x.decision, x.action FROM {schema}.relay_decisions x
                        WHERE x.relay = p.relay AND x.log = p.log AND x.position = p.position
                          AND x.message_id = p.message_id AND x.decision > p.decision AND x.action IN ('retry', 'skip')
                        ORDER BY x.decision DESC LIMIT 1) d ON true
   WHERE p.relay = $1::text AND p.log = $2::text AND p.done_at IS NULL AND p.reason <> ''
), blocked AS MATERIALIZED (
  SELECT topic, key, min(place) AS place FROM stuck
   WHERE policy = 'park' AND key IS NOT NULL AND decision IS NULL GROUP BY topic, key
), given_up AS MATERIALIZED (
  SELECT position, message_id, max(decision) AS decision FROM {schema}.relay_decisions
   WHERE relay = $1::text AND log = $2::text AND action = 'skip' GROUP BY position, message_id
)
SELECT p.place, coalesce(s.decision, g.decision, 0), CASE WHEN s.action = 'skip' OR g.decision IS NOT NULL THEN 1 ELSE 0 END::smallint, p.position, p.message_id,
       p.topic, p.key, p.type, p.content_type, p.payload, p.occurred_at, p.subject, p.sequence, p.correlation_id,
       p.causation_id, p.traceparent, p.tracestate,
       coalesce((SELECT h.headers FROM {schema}.relay_decisions h
                  WHERE h.relay = p.relay AND h.log = p.log AND h.position = p.position AND h.message_id = p.message_id
                    AND h.action = 'headers'
                  ORDER BY h.decision DESC LIMIT 1), p.headers)
  FROM {schema}.relay_parked p
  LEFT JOIN stuck s ON s.place = p.place
  LEFT JOIN given_up g ON p.reason = '' AND g.position = p.position AND g.message_id = p.message_id
                      AND g.decision > p.decision
  LEFT JOIN blocked b ON p.policy = 'park' AND b.topic = p.topic AND b.key = p.key
 WHERE p.relay = $1::text AND p.log = $2::text AND p.done_at IS NULL
   AND (p.reason = '' OR s.decision IS NOT NULL) AND (b.place IS NULL OR p.place < b.place)
 ORDER BY p.place LIMIT $3::bigint
