-- The highest stream id that is taken, by a stream or by events of none; 0 when none is. Not those of the upper half of a
-- bigint: counting never comes there, and a sequence that is moved past them has none left.
SELECT coalesce(greatest((SELECT pg_catalog.max(s.stream_id) FROM {schema}.streams s WHERE s.stream_id < 1::bigint << 62),
                         (SELECT pg_catalog.max(e.stream_id) FROM {schema}.events e WHERE e.stream_id < 1::bigint << 62)), 0)
