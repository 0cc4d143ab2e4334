SELECT p.position, p.message_id, p.policy, p.topic, p.key, p.reason, p.dead_letter_topic, p.parked_at, p.attempts, p.type,
       octet_length(p.payload)::bigint, p.outcome, p.done_at, d.action, d.decided_by::text, d.decided_at, d.reason
  FROM {schema}.relay_parked p
  LEFT JOIN LATERAL (SELECT x.* FROM {schema}.relay_decisions x
                      WHERE x.relay = p.relay AND x.log = p.log AND x.position = p.position AND x.message_id = p.message_id
                      ORDER BY x.decision DESC LIMIT 1) d ON true
 WHERE p.relay = $1::text AND p.log = $2::text AND ($3::boolean OR p.done_at IS NULL)
   AND ($4::text IS NULL OR p.topic = $4::text) AND ($5::text IS NULL OR p.key = $5::text)
   AND ($6::bigint IS NULL OR p.position = $6::bigint)
 ORDER BY p.place LIMIT $7::bigint
