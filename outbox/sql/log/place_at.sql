-- The last message at or below $1; none at the beginning of the log.
SELECT position, {id} FROM {relation} WHERE position <= $1::bigint ORDER BY position DESC LIMIT 1
