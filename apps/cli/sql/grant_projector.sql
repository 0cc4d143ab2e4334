-- {role}: projections. Reads the log.
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON {schema}.schema_migrations, {schema}.streams, {schema}.events TO {role};

