-- {role}: services that append events and enqueue messages. Reads the log for aggregates; changes only the heads.
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON {schema}.schema_migrations TO {role};
GRANT SELECT, INSERT, UPDATE (version) ON {schema}.streams TO {role};
GRANT SELECT, INSERT ON {schema}.events TO {role};
GRANT SELECT, INSERT ON {schema}.outbox TO {role};

