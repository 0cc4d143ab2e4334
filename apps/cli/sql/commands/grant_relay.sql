-- {role}: annals-relay. Reads what is to be published; writes its checkpoint.
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON {schema}.schema_migrations, {schema}.streams, {schema}.events, {schema}.outbox, {schema}.relay_skips TO {role};
GRANT SELECT, INSERT, UPDATE ON {schema}.relay_checkpoints TO {role};
GRANT SELECT, UPDATE ON {schema}.events_horizon, {schema}.outbox_horizon TO {role};

