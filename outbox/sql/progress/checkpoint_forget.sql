DELETE FROM {schema}.relay_checkpoints c
 WHERE c.relay = $1::text AND c.log = $2::text
   AND NOT EXISTS (SELECT FROM {schema}.relay_parked p WHERE p.relay = c.relay AND p.log = c.log AND p.done_at IS NULL)
