SELECT stream_id, name FROM {schema}.streams WHERE stream_id = ANY ($1::bigint[])
