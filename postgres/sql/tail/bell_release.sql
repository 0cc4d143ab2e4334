-- Gives the bell up and wakes all that slept behind it, this session included ($3 tells it to ignore itself).
SELECT pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended($1::text COLLATE "C", 0)),
       pg_catalog.pg_notify($2::text, $3::text)
