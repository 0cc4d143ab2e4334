-- Appends events of many streams in the order given, whatever the streams' versions: streams $1, then as append.sql.
-- Heads are locked in name order, before any position is drawn.
WITH input AS (
  SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::smallint[], $5::bytea[], $6::text[], $7::text[],
                       $8::text[], $9::text[], $10::text[], $11::timestamptz[])
           WITH ORDINALITY AS e (stream, event_id, type, content_type, data, correlation_id, causation_id, traceparent,
                                 tracestate, headers, occurred_at, ordinal)
), head AS (
  INSERT INTO {schema}.streams AS s (name, version)
  SELECT i.stream, count(*) FROM input i GROUP BY i.stream ORDER BY i.stream
  ON CONFLICT (name) DO UPDATE SET version = s.version + EXCLUDED.version
  RETURNING s.stream_id, s.name, s.version
), appended AS (
  INSERT INTO {schema}.events (stream_id, version, event_id, type, content_type, data, correlation_id, causation_id,
                               traceparent, tracestate, headers, occurred_at)
  SELECT h.stream_id,
         h.version - count(*) OVER (PARTITION BY i.stream)
                   + row_number() OVER (PARTITION BY i.stream ORDER BY i.ordinal),
         i.event_id, i.type, i.content_type, i.data, i.correlation_id, i.causation_id, i.traceparent, i.tracestate,
         i.headers::text[], i.occurred_at
    FROM input i JOIN head h ON h.name = i.stream
   ORDER BY i.ordinal
  RETURNING position, version
)
SELECT version FROM appended ORDER BY position
