UPDATE {schema}.projections
   SET position = 0, event_id = NULL, system_identifier = $3, reset_requested = false,
       updated_at = pg_catalog.clock_timestamp()
 WHERE name = $1 AND version = $2::integer
