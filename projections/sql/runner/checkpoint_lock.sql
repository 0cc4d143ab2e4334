-- Without a join: were the row changed while we wait for its lock, the joined side would still be the old one.
SELECT position, reset_requested, system_identifier, event_id
  FROM {schema}.projections WHERE name = $1 AND version = $2::integer
   FOR NO KEY UPDATE
