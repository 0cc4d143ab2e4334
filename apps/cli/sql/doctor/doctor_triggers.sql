-- The triggers on the tables $1 that refuse UPDATE, DELETE and TRUNCATE: type bits 8, 16 and 32, and BEFORE (2).
SELECT l.relation, coalesce(t.tgname::text, ''), coalesce(t.tgenabled::text, '')
  FROM unnest($1::text[]) AS l (relation)
  LEFT JOIN pg_catalog.pg_trigger t
    ON t.tgrelid = to_regclass(l.relation) AND NOT t.tgisinternal AND (t.tgtype::int & 58) = 58
 ORDER BY l.relation
