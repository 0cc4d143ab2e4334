-- Transactions that may still fill a position of the tables $1: readers of the tables wait for the oldest.
SELECT l.relation::regclass::text, coalesce(l.pid, 0)::int,
       coalesce(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)) * 1000, 0)::bigint,
       coalesce(a.state, CASE WHEN p.gid IS NULL THEN 'unknown' ELSE 'prepared' END)::text,
       coalesce(a.query, p.gid, '')::text, coalesce(a.usename, p.owner, '')::text
  FROM pg_catalog.pg_locks l
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN pg_catalog.pg_prepared_xacts p ON l.virtualtransaction = '-1/' || p.transaction::text
 WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'RowExclusiveLock'
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
   AND l.relation IN (SELECT to_regclass(name) FROM unnest($1::text[]) AS t (name))
 ORDER BY 3 DESC
