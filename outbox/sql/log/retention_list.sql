-- The partitions, the oldest first; a relay that is behind holds those whose time is over. The one that is written to is taken
-- to be that of the last row.
WITH policy AS (SELECT p.retain FROM {schema}.{log}_retention p),
     slowest AS (SELECT c.relay, c.position FROM {schema}.relay_checkpoints c
                  WHERE c.log = '{log}' ORDER BY c.position, c.relay LIMIT 1),
     part AS (SELECT i.inhrelid AS oid, c.relname::text AS name,
                     n.number, CASE n.number WHEN 0 THEN '-9223372036854775808'::bigint ELSE n.number * 100000000000 END AS lowest
                FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid,
                     LATERAL (SELECT pg_catalog.substring(c.relname, '^{log}_p([0-9]+)$')::bigint) AS n (number)
               WHERE i.inhparent = '{schema}.{log}'::regclass),
     filled AS (SELECT p.*, last.position, clock_timestamp() - last.recorded_at AS age
                  FROM part p LEFT JOIN LATERAL (SELECT o.position, o.recorded_at FROM {schema}.{log} o
                                                  WHERE o.position >= p.lowest
                                                    AND o.position < (p.number + 1) * 100000000000
                                                  ORDER BY o.position DESC LIMIT 1) last ON true),
     written AS (SELECT coalesce(max(f.number) FILTER (WHERE f.position IS NOT NULL), min(f.number)) AS number FROM filled f)
SELECT f.name, coalesce(f.position, 0), coalesce(pg_catalog.pg_total_relation_size(f.oid), 0),
       (extract(epoch FROM f.age) * 1000)::bigint,
       CASE WHEN f.number > w.number THEN 'ahead'
            WHEN f.number = w.number THEN 'written'
            WHEN p.retain IS NULL OR f.age < p.retain THEN 'kept'
            WHEN '{log}' = 'claims' OR s.position >= (f.number + 1) * 100000000000 THEN 'spent'
            ELSE 'held' END,
       CASE WHEN f.number < w.number THEN (extract(epoch FROM greatest(f.age - p.retain, interval '0')) * 1000)::bigint END,
       CASE WHEN s.position < (f.number + 1) * 100000000000 AND f.number < w.number THEN s.relay END
  FROM filled f CROSS JOIN written w CROSS JOIN policy p LEFT JOIN slowest s ON true
 ORDER BY f.number
