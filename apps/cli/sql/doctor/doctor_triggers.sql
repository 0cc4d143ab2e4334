-- The triggers that the log's tables of schema $1 must have, and what there is of each. By type bits: row 1, BEFORE 2,
-- DELETE 8, UPDATE 16, TRUNCATE 32; and by their function, so that a trigger of the user's own stands for none of them.
WITH needed (relation, function, bits, refuses) AS (VALUES
  ('events', 'refuse_change', 58, 'UPDATE, DELETE and TRUNCATE'),
  ('events', 'refuse_change', 27, 'UPDATE and DELETE of rows, by replication too'),
  ('outbox', 'outbox_refuse_change', 58, 'UPDATE, DELETE and TRUNCATE'),
  ('outbox', 'outbox_refuse_change', 27, 'UPDATE and DELETE of rows, by replication too'),
  ('streams', 'refuse_change', 42, 'DELETE and TRUNCATE'),
  ('streams', 'refuse_change', 11, 'DELETE of rows, by replication too')
)
SELECT $1::text || '.' || n.relation, n.refuses, coalesce(t.name, ''), coalesce(t.enabled, '')
  FROM needed n
  LEFT JOIN LATERAL (
    SELECT g.tgname::text AS name, g.tgenabled::text AS enabled
      FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
     WHERE g.tgrelid = pg_catalog.to_regclass($1::text || '.' || n.relation) AND NOT g.tgisinternal
       AND (g.tgtype::int & (n.bits | 1)) = n.bits AND p.proname = n.function
       AND p.pronamespace = pg_catalog.to_regnamespace($1::text)
     ORDER BY g.tgenabled = 'A' DESC, g.tgname LIMIT 1) t ON true
 ORDER BY 1, n.bits DESC
