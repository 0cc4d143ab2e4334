-- append.sql for a stream that must exist ($2: -2, or a version above 0): the common case, without the part that creates
-- streams. $1 to $12 as there; same result.
WITH head AS (
  UPDATE {schema}.streams s
     SET version = s.version + cardinality($3::uuid[])
   WHERE s.name = $1::text
     AND ($2::bigint < 0 OR s.version = $2::bigint)
  RETURNING s.stream_id, s.version
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
SELECT max(version), max(position),
       CASE WHEN count(*) = 0 THEN NULL
            WHEN pg_try_advisory_xact_lock_shared({bell}) THEN NULL  -- nobody waits
            ELSE pg_notify('{channel}', '')
       END
  FROM appended
HAVING count(*) > 0
