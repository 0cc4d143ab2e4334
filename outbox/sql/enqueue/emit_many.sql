-- In the order given: the function is called for what is sorted already.
-- What is not given comes as '', and unnest without a schema is pg_catalog's: as in enqueue_many.sql.
SELECT {schema}.outbox_emit(
         message_id => m.message_id, topic => m.topic, key => nullif(m.key, ''), type => m.type, content_type => m.content_type,
         payload => m.payload, occurred_at => nullif(m.occurred_at, '')::timestamptz,
         correlation_id => nullif(m.correlation_id, ''), causation_id => nullif(m.causation_id, ''),
         traceparent => nullif(m.traceparent, ''), tracestate => nullif(m.tracestate, ''),
         headers => nullif(m.headers, '')::text[])
  FROM (SELECT u.message_id, u.topic, u.key, u.type, u.content_type::integer AS content_type, u.payload, u.occurred_at,
               u.correlation_id, u.causation_id, u.traceparent, u.tracestate, u.headers
          FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::bytea[], $7::text[],
                      $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
               WITH ORDINALITY AS u (message_id, topic, key, type, content_type, payload, occurred_at,
                                     correlation_id, causation_id, traceparent, tracestate, headers, n)
         ORDER BY u.n OFFSET 0) m
