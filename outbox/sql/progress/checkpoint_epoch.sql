SELECT epoch FROM {schema}.relay_checkpoints WHERE relay = $1::text AND log = $2::text
