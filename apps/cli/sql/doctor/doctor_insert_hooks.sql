-- What may change or swallow a row that is written to the tables $1 ("schema.table"): triggers BEFORE INSERT for each row (type
-- bits: row 1, BEFORE 2, INSERT 4) and rules ON INSERT. None of them is Annals'. The last column removes it.
SELECT t.name, 'trigger', g.tgname::text, 'DROP TRIGGER ' || pg_catalog.quote_ident(g.tgname) || ' ON ' || g.tgrelid::regclass
  FROM pg_catalog.unnest($1::text[]) AS t (name)
  JOIN pg_catalog.pg_trigger g ON g.tgrelid = pg_catalog.to_regclass(t.name)
                               OR g.tgrelid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i
                                                 WHERE i.inhparent = pg_catalog.to_regclass(t.name))
 WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND g.tgenabled <> 'D' AND (g.tgtype::int & 7) = 7
 UNION ALL
SELECT t.name, 'rule', r.rulename::text, 'DROP RULE ' || pg_catalog.quote_ident(r.rulename) || ' ON ' || t.name
  FROM pg_catalog.unnest($1::text[]) AS t (name)
  JOIN pg_catalog.pg_rewrite r ON r.ev_class = pg_catalog.to_regclass(t.name)
 WHERE r.ev_type = '3' AND r.ev_enabled <> 'D'
 ORDER BY 1, 2, 3
