SELECT version FROM {schema}.streams WHERE name = $1::text
