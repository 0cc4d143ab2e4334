    CREATE OR REPLACE VIEW {views}.events AS
      SELECT e.position, s.name::text AS stream, e.version::bigint AS version, e.recorded_at,
             e.occurred_at::timestamptz AS occurred_at, e.event_id::uuid AS event_id,
             e.content_type::smallint AS content_type, e.type::text AS type, e.data::bytea AS data,
             e.correlation_id::text AS correlation_id, e.causation_id::text AS causation_id,
             e.traceparent::text AS traceparent, e.tracestate::text AS tracestate, e.headers::text[] AS headers
        FROM {schema}.events e LEFT JOIN {schema}.streams s ON s.stream_id = e.stream_id, (SELECT) AS read_only;
