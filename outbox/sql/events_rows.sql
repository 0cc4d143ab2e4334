SELECT e.position, e.event_id, NULL::text, s.name, e.type, e.content_type, e.data,
       coalesce(e.occurred_at, e.recorded_at), e.correlation_id, e.causation_id, e.traceparent, e.tracestate, e.headers,
       s.name, e.version
FROM {schema}.events e JOIN {schema}.streams s ON s.stream_id = e.stream_id
