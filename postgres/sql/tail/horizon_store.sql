-- Only forward: of two readers that store at once the further one stays. Nobody waits for the disk: what a crash forgets
-- is proven again.
WITH lazily AS (SELECT pg_catalog.set_config('synchronous_commit', 'off', true))
UPDATE {relation} h
   SET position = $1::bigint, proven_at = pg_catalog.clock_timestamp()
  FROM lazily
 WHERE h.position < $1::bigint OR h.proven_at IS NULL
