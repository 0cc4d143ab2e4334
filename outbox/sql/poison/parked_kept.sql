-- The dead-letter topic does not take it either: this table keeps it.
UPDATE {schema}.relay_parked SET dead_letter_topic = NULL, reason = $5::text
 WHERE relay = $1::text AND log = $2::text AND position = $3::bigint AND message_id = $4::uuid
