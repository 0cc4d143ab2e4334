-- Not the other shards of the same relay.
SELECT relay FROM {schema}.relay_checkpoints
 WHERE log = $1::text AND relay <> $2::text
   AND pg_catalog.regexp_replace(relay, '/[0-9]+-of-[0-9]+$', '') <> pg_catalog.regexp_replace($2::text, '/[0-9]+-of-[0-9]+$', '')
 ORDER BY updated_at DESC LIMIT 5
