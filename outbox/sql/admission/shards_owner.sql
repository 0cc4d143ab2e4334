-- By whoever holds the shard's lock, in the same session.
UPDATE {schema}.relay_checkpoints SET instance = $3::uuid WHERE relay = $1::text AND log = $2::text
