SELECT action, decided_by::text, decided_at, reason FROM {schema}.relay_decisions
 WHERE relay = $1::text AND log = $2::text AND position = $3::bigint AND message_id = $4::uuid ORDER BY decision
