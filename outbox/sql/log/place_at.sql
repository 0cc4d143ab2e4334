-- The last message at or below $1; none at the beginning of the log.
SELECT r.position, r.{id} FROM {relation} r WHERE r.position <= $1::bigint ORDER BY r.position DESC LIMIT 1
