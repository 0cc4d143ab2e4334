SELECT {schema}.outbox_emit(
  message_id => $1::uuid, topic => $2::text, key => $3::text, type => $4::text, content_type => $5::smallint::integer,
  payload => $6::bytea, occurred_at => $7::timestamptz, correlation_id => $8::text, causation_id => $9::text,
  traceparent => $10::text, tracestate => $11::text, headers => $12::text[])
