SELECT relay, log, position, message_id, system_identifier, timeline, updated_at, generation IS NOT NULL
  FROM {schema}.relay_checkpoints WHERE log = $1::text ORDER BY relay
