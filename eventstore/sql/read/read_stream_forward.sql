SELECT e.position, s.name, e.version, e.event_id, e.type, e.content_type, e.data,
       (extract(epoch FROM e.recorded_at) * 1000000)::bigint, (extract(epoch FROM e.occurred_at) * 1000000)::bigint,
       e.correlation_id, e.causation_id, e.traceparent, e.tracestate, e.headers::text
  FROM {schema}.events e JOIN {schema}.streams s ON s.stream_id = e.stream_id
 WHERE s.name = $1::text AND e.version >= $2::bigint
 ORDER BY e.version
 LIMIT $3::bigint
