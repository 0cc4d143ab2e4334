SELECT o.position, 0::bigint, o.message_id, o.topic, o.key, o.type, o.content_type, o.payload,
       coalesce(o.occurred_at, o.recorded_at), o.correlation_id, o.causation_id, o.traceparent, o.tracestate, o.headers,
       0::bigint
FROM {schema}.outbox o
