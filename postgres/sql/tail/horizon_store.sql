-- Only forward: of two readers that store at once the further one stays, and nobody waits: neither for another reader (who
-- holds the row stores himself) nor for the disk (what a crash forgets is proven again). Returns what is stored then.
WITH lazily AS (SELECT pg_catalog.set_config('synchronous_commit', 'off', true)),
     free AS (SELECT h.only_row FROM {relation} h, lazily
               WHERE h.position < $1::bigint OR h.proven_at IS NULL FOR NO KEY UPDATE OF h SKIP LOCKED),
     moved AS (UPDATE {relation} h SET position = $1::bigint, proven_at = pg_catalog.clock_timestamp()
                 FROM free WHERE h.only_row = free.only_row AND (h.position < $1::bigint OR h.proven_at IS NULL)
               RETURNING h.position)
SELECT coalesce((SELECT m.position FROM moved m), h.position) FROM {relation} h
