-- What may be published or given up now, in order. Of a key: up to the first message that cannot be published and that nobody has
-- decided about. Those that merely wait behind it need no decision of their own.
SELECT r.place, r.open_decision, r.skip, r.position, r.message_id, r.topic, r.key, r.type, r.content_type, r.payload,
       r.occurred_at, r.subject, r.sequence, r.correlation_id, r.causation_id, r.traceparent, r.tracestate,
       coalesce((SELECT h.headers FROM {schema}.relay_decisions h
                  WHERE h.relay = r.relay AND h.log = r.log AND h.position = r.position AND h.message_id = r.message_id
                    AND h.action = 'headers'
                  ORDER BY h.decision DESC LIMIT 1), r.headers)
  FROM (SELECT p.*, coalesce(d.decision, 0) AS open_decision, CASE WHEN d.action = 'skip' THEN 1 ELSE 0 END::smallint AS skip,
               bool_or(p.reason <> '' AND d.decision IS NULL)
                 OVER (PARTITION BY p.policy, p.topic, p.key, CASE WHEN p.key IS NULL OR p.policy <> 'park' THEN p.place END
                       ORDER BY p.place) AS is_blocked
          FROM {schema}.relay_parked p
          LEFT JOIN LATERAL (SELECT x.decision, x.action FROM {schema}.relay_decisions x
                              WHERE x.relay = p.relay AND x.log = p.log AND x.position = p.position
                                AND x.message_id = p.message_id AND x.decision > p.decision
                                AND x.action IN ('retry', 'skip')
                              ORDER BY x.decision DESC LIMIT 1) d ON true
         WHERE p.relay = $1::text AND p.log = $2::text AND p.done_at IS NULL) r
 WHERE NOT r.is_blocked
 ORDER BY r.place LIMIT $3::bigint
