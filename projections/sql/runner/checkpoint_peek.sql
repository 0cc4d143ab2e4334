SELECT position, reset_requested FROM {schema}.projections WHERE name = $1 AND version = $2::integer
