-- Transactions that hold RowExclusiveLock on a log table: all that may have drawn a position and not yet ended.
SELECT DISTINCT l.virtualtransaction
  FROM pg_catalog.pg_locks l
 WHERE l.locktype = 'relation'
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
   AND l.relation = pg_catalog.to_regclass($1::text)
   AND l.mode = 'RowExclusiveLock'
   AND l.granted
