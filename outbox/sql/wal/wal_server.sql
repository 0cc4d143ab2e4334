-- What the mined log needs of the server, the database, this role and publication $3 of table $1.$2. A publication with a row
-- filter or a list of columns (PostgreSQL 15) leaves something out.
SELECT current_setting('wal_level'),
       current_database()::text,
       session_user::text,
       (SELECT r.rolreplication OR r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user),
       EXISTS (SELECT FROM pg_catalog.pg_publication p WHERE p.pubname = $3::text),
       EXISTS (SELECT FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_tables t ON t.pubname = p.pubname
                WHERE p.pubname = $3::text AND p.pubinsert AND t.schemaname = $1::text AND t.tablename = $2::text
                  AND to_jsonb(t) ->> 'rowfilter' IS NULL
                  AND (to_jsonb(t) -> 'attnames' IS NULL
                       OR jsonb_array_length(to_jsonb(t) -> 'attnames') =
                          (SELECT count(*) FROM pg_catalog.pg_attribute a
                            WHERE a.attrelid = pg_catalog.to_regclass(format('%I.%I', $1::text, $2::text))
                              AND a.attnum > 0 AND NOT a.attisdropped)))
