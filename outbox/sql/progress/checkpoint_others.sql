SELECT relay FROM {schema}.relay_checkpoints WHERE log = $1::text AND relay <> $2::text ORDER BY updated_at DESC LIMIT 5
