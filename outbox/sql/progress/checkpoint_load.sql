SELECT c.position, c.message_id, c.system_identifier, r.{id}
  FROM {schema}.relay_checkpoints c LEFT JOIN {relation} r ON r.position = c.position
 WHERE c.relay = $1::text AND c.log = $2::text
