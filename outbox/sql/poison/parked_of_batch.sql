SELECT place FROM {schema}.relay_parked
 WHERE relay = $1::text AND log = $2::text AND done_at IS NULL AND batch = $3::uuid
