-- {role}: projections and consumers. Reads the log; writes checkpoints and the inbox. Grant it what it needs on its read
-- models itself.
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON {schema}.schema_migrations, {schema}.streams, {schema}.events TO {role};
GRANT SELECT, UPDATE ON {schema}.events_horizon TO {role};
GRANT SELECT, INSERT, UPDATE ON {schema}.projections, {schema}.inbox_offsets TO {role};
GRANT SELECT, INSERT, DELETE ON {schema}.inbox_messages TO {role};

