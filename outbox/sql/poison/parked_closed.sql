-- All keys of which something waits, and from where on: one that was left out would be overtaken.
SELECT topic, key, min(position) FROM {schema}.relay_parked
 WHERE relay = $1::text AND log = $2::text AND done_at IS NULL AND policy = 'park' AND key IS NOT NULL
 GROUP BY topic, key
