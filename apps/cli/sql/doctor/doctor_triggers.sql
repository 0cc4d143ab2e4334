-- The triggers that the log's tables of schema $1 must have, and what there is of each. By type bits: row 1, BEFORE 2,
-- DELETE 8, UPDATE 16, TRUNCATE 32; and by their function, so that a trigger of the user's own stands for none of them. Of
-- partitions only those that lack one.
WITH needed (name, relation, function, bits, refuses) AS (VALUES
  ('append_only', 'events', 'refuse_change', 58, 'UPDATE, DELETE and TRUNCATE'),
  ('append_only', 'events', 'refuse_change', 27, 'UPDATE and DELETE of rows, by replication too'),
  ('append_only', 'outbox', 'outbox_refuse_change', 58, 'UPDATE, DELETE and TRUNCATE'),
  ('append_only', 'outbox', 'outbox_refuse_change', 27, 'UPDATE and DELETE of rows, by replication too'),
  ('append_only', 'streams', 'refuse_change', 42, 'DELETE and TRUNCATE'),
  ('append_only', 'streams', 'refuse_change', 11, 'DELETE of rows, by replication too'),
  ('horizon', 'events_horizon', 'bound_events_horizon', 19, 'a position beyond the log'),
  ('horizon', 'outbox_horizon', 'bound_outbox_horizon', 19, 'a position beyond the log')
), relations AS (
  SELECT n.*, pg_catalog.to_regclass($1::text || '.' || n.relation)::oid AS oid, false AS is_partition FROM needed n
  UNION ALL
  SELECT n.name, c.relname, n.function, n.bits, n.refuses, c.oid, true
    FROM needed n
    JOIN pg_catalog.pg_inherits i ON i.inhparent = pg_catalog.to_regclass($1::text || '.' || n.relation)
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
)
SELECT n.name, $1::text || '.' || n.relation, n.refuses, coalesce(t.name, ''), coalesce(t.enabled, '')
  FROM relations n
  LEFT JOIN LATERAL (
    SELECT g.tgname::text AS name, g.tgenabled::text AS enabled
      FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
     WHERE g.tgrelid = n.oid AND (NOT g.tgisinternal OR g.tgparentid <> 0)  -- before 15 what comes from the table is internal
       AND (g.tgtype::int & (n.bits | 1)) = n.bits AND p.proname = n.function
       AND p.pronamespace = pg_catalog.to_regnamespace($1::text)
     ORDER BY g.tgenabled = 'A' DESC, g.tgname LIMIT 1) t ON true
 WHERE NOT n.is_partition OR t.enabled IS DISTINCT FROM 'A'
 ORDER BY 1, 2, n.bits DESC
