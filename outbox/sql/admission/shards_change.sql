UPDATE {schema}.relay_shards SET shards = wanted, came_from = $3::bigint[], changed_at = pg_catalog.clock_timestamp()
 WHERE relay = $1::text AND log = $2::text
