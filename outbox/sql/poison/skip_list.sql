SELECT DISTINCT position, message_id FROM {schema}.relay_decisions
 WHERE relay = $1::text AND log = $2::text AND action = 'skip' ORDER BY position
