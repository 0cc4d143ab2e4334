INSERT INTO {schema}.outbox (message_id, topic, key, type, content_type, payload, occurred_at,
                             correlation_id, causation_id, traceparent, tracestate, headers)
VALUES ($1::uuid, $2::text, $3::text, $4::text, $5::smallint, $6::bytea, $7::timestamptz,
        $8::text, $9::text, $10::text, $11::text, $12::text[])
RETURNING position,
          CASE WHEN pg_catalog.pg_try_advisory_xact_lock_shared({bell}) THEN NULL
               ELSE pg_catalog.pg_notify('{channel}', '') END
