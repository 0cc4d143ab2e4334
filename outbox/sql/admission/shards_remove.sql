DELETE FROM {schema}.relay_checkpoints WHERE log = $1::text AND relay = ANY ($2::text[])
