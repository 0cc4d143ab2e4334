-- Heads of the streams $1, locked in name order.
SELECT name, version FROM {schema}.streams WHERE name = ANY ($1::text[]) ORDER BY name FOR UPDATE
