-- Who the transactions $2 are, for people: age and query only where this role may see them. A prepared transaction has no
-- process; its id is found through the lock it holds on it.
SELECT DISTINCT l.virtualtransaction::text,
       coalesce(l.pid, 0)::int,
       (extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(a.xact_start, p.prepared)) * 1000)::bigint,
       coalesce(a.state, CASE WHEN p.gid IS NULL THEN 'unknown' ELSE 'prepared' END)::text,
       coalesce(a.query, p.gid, '')::text,
       coalesce(a.usename, p.owner, '')::text
  FROM pg_catalog.pg_locks l
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN pg_catalog.pg_locks x ON l.pid IS NULL AND x.pid IS NULL AND x.locktype = 'transactionid'
                                 AND x.virtualtransaction = l.virtualtransaction
  LEFT JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = x.transactionid
 WHERE l.locktype = 'relation'
   AND l.relation = pg_catalog.to_regclass($1::text)
   AND l.mode = 'RowExclusiveLock'
   AND l.virtualtransaction = ANY ($2::text[])
