-- What ties the row to the broker's record; none when the row has the say.
SELECT transactional_id, generation, in_broker
  FROM {schema}.relay_checkpoints WHERE relay = $1::text AND log = $2::text AND generation IS NOT NULL
