SELECT shards, wanted FROM {schema}.relay_shards WHERE relay = $1::text AND log = $2::text FOR UPDATE
