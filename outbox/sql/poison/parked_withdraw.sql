UPDATE {schema}.relay_parked SET batch = NULL WHERE place = ANY ($1::bigint[])
