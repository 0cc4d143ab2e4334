UPDATE {schema}.relay_parked
   SET done_at = clock_timestamp(), outcome = $2::text, payload = '', attempts = attempts + ($2::text = 'published')::int
 WHERE place = ANY ($1::bigint[])
