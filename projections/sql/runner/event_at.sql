SELECT event_id FROM {schema}.events WHERE position = $1::bigint
