-- By whoever holds the shard's lock, in the same session: nobody opens it again before the division has changed. Not while a
-- message that was set aside may have been published already, nor while it is published out of the table's order, nor before all that
-- the last change left behind is delivered.
UPDATE {schema}.relay_checkpoints c SET retired = true
 WHERE c.relay = $1::text AND c.log = $2::text AND c.cursor IS NULL
   AND NOT EXISTS (SELECT FROM {schema}.relay_shards s
                    WHERE s.relay = $3::text AND s.log = c.log AND c.position < ANY (s.came_from))
   AND NOT EXISTS (SELECT FROM {schema}.relay_parked p
                    WHERE p.relay = c.relay AND p.log = c.log AND p.done_at IS NULL AND p.batch IS NOT NULL)
