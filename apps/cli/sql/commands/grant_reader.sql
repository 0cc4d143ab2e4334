-- {role}: people and dashboards. Reads the log and the state of relays.
-- For `annals doctor` to see other sessions' queries, also: GRANT pg_read_all_stats TO {role};
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role};

