-- Who the transactions $2 are, for people: query text only where this role may see it.
SELECT DISTINCT l.virtualtransaction::text,
       coalesce(l.pid, 0)::int,
       coalesce(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)) * 1000, 0)::bigint,
       coalesce(a.state, CASE WHEN p.gid IS NULL THEN 'unknown' ELSE 'prepared' END)::text,
       coalesce(a.query, p.gid, '')::text
  FROM pg_catalog.pg_locks l
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN pg_catalog.pg_prepared_xacts p ON l.virtualtransaction = '-1/' || p.transaction::text
 WHERE l.locktype = 'relation'
   AND l.relation = to_regclass($1::text)
   AND l.mode = 'RowExclusiveLock'
   AND l.virtualtransaction = ANY ($2::text[])
