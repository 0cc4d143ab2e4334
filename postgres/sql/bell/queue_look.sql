-- Whether the session of the process $1 waits for a lock.
SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = $1::int AND l.locktype = 'advisory' AND NOT l.granted)
