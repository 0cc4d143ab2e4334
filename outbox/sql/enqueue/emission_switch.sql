SELECT {schema}.outbox_emission_switch($1::text[]::name[], $2::boolean)
