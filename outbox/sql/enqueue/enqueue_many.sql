-- Positions are drawn after the sort, so they increase in the order given.
-- unnest of several arrays takes no schema: the grammar itself makes it pg_catalog.unnest of each.
INSERT INTO {schema}.outbox (message_id, topic, key, type, content_type, payload, occurred_at,
                             correlation_id, causation_id, traceparent, tracestate, headers)
SELECT m.message_id, m.topic, m.key, m.type, m.content_type, m.payload, m.occurred_at,
       m.correlation_id, m.causation_id, m.traceparent, m.tracestate, m.headers::text[]
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::bytea[], $7::timestamptz[],
              $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
       WITH ORDINALITY AS m (message_id, topic, key, type, content_type, payload, occurred_at,
                             correlation_id, causation_id, traceparent, tracestate, headers, n)
 ORDER BY m.n
RETURNING position
