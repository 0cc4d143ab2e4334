-- Appends the events $3.. to the stream $1 if it is at version $2 (-1: any, -2: exists, 0: no stream, n: exactly n).
-- The head is locked first, positions are drawn only after that: a loser draws none, and position order is version
-- order. No row: the stream was not at that version.
WITH existing AS (
  UPDATE {schema}.streams s
     SET version = s.version + cardinality($3::uuid[])
   WHERE s.name = $1::text
     AND ($2::bigint < 0 OR s.version = $2::bigint)
  RETURNING s.stream_id, s.version
), created AS (
  INSERT INTO {schema}.streams (name, version)
  SELECT $1::text, cardinality($3::uuid[])
   WHERE $2::bigint IN (0, -1) AND NOT EXISTS (SELECT FROM existing)
  ON CONFLICT (name) DO NOTHING
  RETURNING stream_id, version
), head AS (
  SELECT stream_id, version FROM existing
  UNION ALL
  SELECT stream_id, version FROM created
), appended AS (
  INSERT INTO {schema}.events (stream_id, version, event_id, type, content_type, data, correlation_id, causation_id,
                               traceparent, tracestate, headers, occurred_at)
  SELECT h.stream_id, h.version - cardinality($3::uuid[]) + e.ordinal, e.event_id, e.type, e.content_type, e.data,
         e.correlation_id, e.causation_id, e.traceparent, e.tracestate, e.headers::text[], e.occurred_at
    FROM head h
   CROSS JOIN unnest($3::uuid[], $4::text[], $5::smallint[], $6::bytea[], $7::text[], $8::text[], $9::text[],
                     $10::text[], $11::text[], $12::timestamptz[])
              WITH ORDINALITY AS e (event_id, type, content_type, data, correlation_id, causation_id, traceparent,
                                    tracestate, headers, occurred_at, ordinal)
   ORDER BY e.ordinal
  RETURNING position, version
)
SELECT max(version), max(position) FROM appended HAVING count(*) > 0
