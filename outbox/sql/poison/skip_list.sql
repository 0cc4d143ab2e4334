SELECT position, message_id FROM {schema}.relay_skips WHERE relay = $1::text AND log = $2::text ORDER BY position
