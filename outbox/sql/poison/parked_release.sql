-- All of a key that cannot be published is tried again, in order.
INSERT INTO {schema}.relay_decisions (relay, log, position, message_id, action, reason)
SELECT relay, log, position, message_id, 'retry', $5::text FROM {schema}.relay_parked
 WHERE relay = $1::text AND log = $2::text AND topic = $3::text AND key = $4::text AND policy = 'park' AND done_at IS NULL
   AND reason <> ''
 ORDER BY place
