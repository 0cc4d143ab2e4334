-- Who the transactions are, for people, that may still fill a position of the tables $1: those of $2 only, or all when it
-- is NULL. Age and query only where this role may see them. A prepared transaction has no process; its id is found through
-- the lock it holds on it, because its virtual transaction does not always name it.
SELECT DISTINCT l.relation::regclass::text,
       l.virtualtransaction::text,
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
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
   AND l.relation IN (SELECT pg_catalog.to_regclass(t.name) FROM unnest($1::text[]) AS t (name))
   AND l.mode = 'RowExclusiveLock'
   AND l.granted
   AND ($2::text[] IS NULL OR l.virtualtransaction = ANY ($2::text[]))
 ORDER BY 4 DESC NULLS LAST
