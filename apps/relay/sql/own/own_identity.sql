-- Which table this is, which column, and which life of its sequence: TRUNCATE with RESTART IDENTITY, and ALTER … RESTART, begin another.
SELECT pg_catalog.concat_ws('/', c.oid, a.attnum, d.objid, q.relfilenode)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = $3::text AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                             AND d.refobjid = c.oid AND d.refobjsubid = a.attnum AND d.deptype = 'i'
  JOIN pg_catalog.pg_class q ON q.oid = d.objid AND q.relkind = 'S'
 WHERE n.nspname = $1::text AND c.relname = $2::text
