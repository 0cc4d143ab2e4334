-- Heads of the streams $1, locked in byte order of their names, and whether this transaction has written them before.
SELECT name, version, xmin = pg_catalog.pg_current_xact_id_if_assigned()::xid
  FROM {schema}.streams
 WHERE name::text = ANY ($1::text[])
 ORDER BY name::text COLLATE pg_catalog."C"
   FOR UPDATE
