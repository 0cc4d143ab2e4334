    CREATE OR REPLACE VIEW {views}.outbox AS
      SELECT o.position, o.recorded_at, o.occurred_at::timestamptz AS occurred_at, o.message_id::uuid AS message_id,
             o.content_type::smallint AS content_type, o.topic::text AS topic, o.key::text AS key, o.type::text AS type,
             o.payload::bytea AS payload, o.correlation_id::text AS correlation_id, o.causation_id::text AS causation_id,
             o.traceparent::text AS traceparent, o.tracestate::text AS tracestate, o.headers::text[] AS headers
        FROM {schema}.outbox o, (SELECT) AS read_only;
