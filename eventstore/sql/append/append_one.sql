-- append.sql for one event and a stream that must exist ($2: -2, or a version above 0): what services do most, without
-- unpacking arrays and without the part that creates streams.
WITH head AS (
  UPDATE {schema}.streams s
     SET version = s.version + 1
   WHERE s.name = $1::text
     AND ($2::bigint < 0 OR s.version = $2::bigint)
  RETURNING s.stream_id, s.version
)
INSERT INTO {schema}.events (stream_id, version, event_id, type, content_type, data, correlation_id, causation_id,
                             traceparent, tracestate, headers, occurred_at)
SELECT h.stream_id, h.version, $3::uuid, $4::text, $5::smallint, $6::bytea, $7::text, $8::text, $9::text, $10::text,
       $11::text::text[], $12::timestamptz
  FROM head h
RETURNING version, position
