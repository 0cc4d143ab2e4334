UPDATE {schema}.relay_parked
   SET reason = $2::text, decision = greatest(decision, $3::bigint), attempts = attempts + 1, batch = NULL
 WHERE place = $1::bigint
