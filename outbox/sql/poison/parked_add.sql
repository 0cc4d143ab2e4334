INSERT INTO {schema}.relay_parked
  (relay, log, position, message_id, policy, topic, key, reason, dead_letter_topic, type, content_type, payload, occurred_at,
   subject, sequence, correlation_id, causation_id, traceparent, tracestate, headers)
VALUES ($1::text, $2::text, $3::bigint, $4::uuid, $5::text, $6::text, $7::text, $8::text, $9::text, $10::text, $11::smallint,
        $12::bytea, $13::timestamptz, $14::text, $15::bigint, $16::text, $17::text, $18::text, $19::text, $20::text[])
-- Done once, and read again because an operator had the relay go back: it is set aside anew,
-- and what was decided before is done with.
ON CONFLICT (relay, log, position, message_id) DO UPDATE
   SET place = DEFAULT, policy = EXCLUDED.policy, topic = EXCLUDED.topic, reason = EXCLUDED.reason,
       dead_letter_topic = EXCLUDED.dead_letter_topic, parked_at = clock_timestamp(), batch = NULL, done_at = NULL, outcome = NULL,
       payload = EXCLUDED.payload,
       decision = (SELECT coalesce(max(d.decision), 0) FROM {schema}.relay_decisions d
                    WHERE d.relay = EXCLUDED.relay AND d.log = EXCLUDED.log AND d.position = EXCLUDED.position
                      AND d.message_id = EXCLUDED.message_id)
 WHERE relay_parked.done_at IS NOT NULL
