-- The first message that is in each of the holes $1 … $2, by the hole's number; nothing of a hole that is empty.
SELECT h.number::bigint, (SELECT r.position FROM {relation} r WHERE r.position BETWEEN h.first AND h.last
                           ORDER BY r.position LIMIT 1)
  FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS h (first, last, number)
 WHERE EXISTS (SELECT FROM {relation} r WHERE r.position BETWEEN h.first AND h.last)
 ORDER BY h.number
