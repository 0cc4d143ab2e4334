WITH wanted AS (SELECT $1::bigint AS key),
-- include postgres/sql/fragment/holders_of_lock.sql of=wanted
SELECT coalesce(h.pid, 0), coalesce(a.application_name, '')::text, coalesce(pg_catalog.host(a.client_addr), '')::text
  FROM wanted_holders h LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid
