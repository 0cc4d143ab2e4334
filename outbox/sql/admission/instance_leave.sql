DELETE FROM {schema}.relay_instances WHERE instance = $1::uuid AND relay = $2::text AND log = $3::text
