-- {role}: services that append events and enqueue messages. Reads the log for aggregates; changes only the heads. Positions
-- and times of recording are not its to give.
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON {schema}.schema_migrations, {schema}.events_horizon TO {role};
GRANT SELECT, INSERT (name, version), UPDATE (version) ON {schema}.streams TO {role};
GRANT SELECT, INSERT (stream_id, version, occurred_at, event_id, content_type, type, data, correlation_id, causation_id,
                      traceparent, tracestate, headers) ON {schema}.events TO {role};
GRANT SELECT, INSERT (occurred_at, message_id, content_type, topic, key, type, payload, correlation_id, causation_id,
                      traceparent, tracestate, headers) ON {schema}.outbox TO {role};

