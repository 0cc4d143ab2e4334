-- What table $2 of schema $1 and its column $3 are, for a reader that takes positions from there; $4 is the schema of the relay's own
-- tables. No row: there is no such table. The sequence that belongs to the column is named even where it is not an identity's.
-- No to_regclass: it fails where the role may not use the schema, which is to be said.
WITH found AS (SELECT c.* FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1::text AND c.relname = $2::text),
     keeper AS (SELECT t.tgname, p.proowner FROM found f JOIN pg_catalog.pg_trigger t ON t.tgrelid = f.oid
                  JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
                 WHERE t.tgname IN ('annals_keep', 'annals_keep_all') AND t.tgenabled IN ('O', 'A'))
SELECT f.relkind = 'r' AND NOT f.relispartition,
       NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = f.oid),
       f.relpersistence = 'p',
       coalesce(pg_catalog.format_type(a.atttypid, NULL), ''),
       coalesce(a.attnotnull, false),
       coalesce(a.attidentity = 'a', false),
       coalesce(a.attidentity = 'd', false),
       coalesce(q.seqrelid::regclass::text, ''),
       coalesce(q.seqcache = 1, false),
       coalesce(q.seqincrement = 1 AND q.seqmin >= 1 AND NOT q.seqcycle, false),
       EXISTS (SELECT FROM pg_catalog.pg_index x
                WHERE x.indrelid = f.oid AND x.indisunique AND x.indisvalid AND x.indimmediate AND x.indpred IS NULL
                  AND x.indnkeyatts = 1 AND x.indkey[0] = a.attnum),
       pg_catalog.has_schema_privilege(f.relnamespace, 'USAGE'),
       coalesce(pg_catalog.has_column_privilege(f.oid, a.attnum, 'SELECT'),
                pg_catalog.has_any_column_privilege(f.oid, 'SELECT')),
       pg_catalog.row_security_active(f.oid),
       EXISTS (SELECT FROM pg_catalog.pg_trigger t
                WHERE t.tgrelid = f.oid AND t.tgname = 'annals_bell' AND t.tgenabled IN ('O', 'A')),
       (SELECT pg_catalog.count(*) = 2 FROM keeper),
       NOT EXISTS (SELECT FROM keeper k
                    WHERE NOT coalesce((SELECT pg_catalog.has_table_privilege(k.proowner, r.oid, 'SELECT')
                                            FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace s ON s.oid = r.relnamespace
                                           WHERE s.nspname = $4::text AND r.relname = 'relay_checkpoints'), false)),
       current_user::text,
       pg_catalog.pg_get_userbyid(f.relowner)::text,
       pg_catalog.pg_stat_get_tuples_deleted(f.oid)
  FROM found f
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = f.oid AND a.attname = $3::text AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                                  AND d.refobjid = f.oid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')
  LEFT JOIN pg_catalog.pg_sequence q ON q.seqrelid = d.objid
 ORDER BY q.seqrelid NULLS LAST LIMIT 1
