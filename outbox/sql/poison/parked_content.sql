SELECT content_type, payload, occurred_at, subject, sequence, correlation_id, causation_id, traceparent, tracestate,
       coalesce((SELECT h.headers FROM {schema}.relay_decisions h
                  WHERE h.relay = p.relay AND h.log = p.log AND h.position = p.position AND h.message_id = p.message_id
                    AND h.action = 'headers'
                  ORDER BY h.decision DESC LIMIT 1), p.headers)
  FROM {schema}.relay_parked p
 WHERE p.relay = $1::text AND p.log = $2::text AND p.position = $3::bigint AND p.message_id = $4::uuid
