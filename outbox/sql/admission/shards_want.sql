UPDATE {schema}.relay_shards SET wanted = $3::integer WHERE relay = $1::text AND log = $2::text
