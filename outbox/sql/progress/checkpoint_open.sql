-- A new owner: from now on its predecessors' epochs are too low to write. This row has the say, whatever a broker kept.
UPDATE {schema}.relay_checkpoints SET epoch = epoch + 1, generation = NULL, in_broker = false
 WHERE relay = $1::text AND log = $2::text
RETURNING position, message_id, system_identifier, timeline, epoch, cursor
