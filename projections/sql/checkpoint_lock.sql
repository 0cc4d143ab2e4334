-- The event at the checkpoint comes along: it proves that checkpoint and log are of one history.
SELECT p.position, p.reset_requested, p.system_identifier, p.event_id, e.event_id
  FROM {schema}.projections p LEFT JOIN {schema}.events e ON e.position = p.position
 WHERE p.name = $1 AND p.version = $2::integer
   FOR NO KEY UPDATE OF p
