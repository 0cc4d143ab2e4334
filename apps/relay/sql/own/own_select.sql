SELECT o.position, 0::bigint, o.message_id, o.topic, o.key, o.type, o.content_type, o.payload,
       coalesce(o.recorded_at, pg_catalog.statement_timestamp()), NULL::text, NULL::text, o.traceparent, o.tracestate, o.headers,
       0::bigint
  FROM {rows} AS o
