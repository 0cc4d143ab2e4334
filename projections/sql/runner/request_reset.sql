UPDATE {schema}.projections SET reset_requested = true WHERE name = $1::text AND version = $2::integer
