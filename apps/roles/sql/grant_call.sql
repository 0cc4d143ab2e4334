    GRANT {rights} ON FUNCTION {schema}.{table} TO {roles};
