UPDATE {schema}.relay_parked SET batch = $2::uuid WHERE place = ANY ($1::bigint[])
