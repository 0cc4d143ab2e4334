SELECT e.position, e.stream_id, e.version, e.event_id, e.type, e.content_type, e.data, e.recorded_at, e.occurred_at,
       e.correlation_id, e.causation_id, e.traceparent, e.tracestate, e.headers
  FROM {schema}.events e
