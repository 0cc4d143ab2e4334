-- What waits and the relay will meet again, because its checkpoint is not past it.
SELECT position, message_id, policy, dead_letter_topic, reason FROM {schema}.relay_parked
 WHERE relay = $1::text AND log = $2::text AND position > $3::bigint AND done_at IS NULL
