SELECT relay, log, position, message_id, system_identifier, timeline, updated_at, generation IS NOT NULL
  FROM {schema}.relay_checkpoints WHERE relay = $1::text AND log = $2::text
