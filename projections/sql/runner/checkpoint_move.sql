UPDATE {schema}.projections
   SET position = $3::bigint, event_id = $4::uuid, updated_at = pg_catalog.clock_timestamp()
 WHERE name = $1 AND version = $2::integer
