-- Positions are drawn after the sort, so they increase in the order given.
-- What is not given comes as '': NULL in an array is a word where a caller's session has array_nulls off.
-- unnest of several arrays takes no schema: the grammar itself makes it pg_catalog.unnest of each.
INSERT INTO {schema}.outbox (message_id, topic, key, type, content_type, payload, occurred_at,
                             correlation_id, causation_id, traceparent, tracestate, headers)
SELECT m.message_id, m.topic, nullif(m.key, ''), m.type, m.content_type, m.payload,
       nullif(m.occurred_at, '')::timestamptz, nullif(m.correlation_id, ''), nullif(m.causation_id, ''),
       nullif(m.traceparent, ''), nullif(m.tracestate, ''), nullif(m.headers, '')::text[]
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::bytea[], $7::text[],
              $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
       WITH ORDINALITY AS m (message_id, topic, key, type, content_type, payload, occurred_at,
                             correlation_id, causation_id, traceparent, tracestate, headers, n)
 ORDER BY m.n
RETURNING position
