SELECT version FROM {schema}.streams WHERE name::text = $1::text
