-- One number for topic and key; a topic has no line break, so no two pairs give one text. Two pairs that hash alike only
-- wait for each other.
SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1::text || E'\n' || $2::text, 1095651905))
