SELECT relay, log, position, message_id, system_identifier, timeline, updated_at
  FROM {schema}.relay_checkpoints WHERE log = $1::text ORDER BY relay
