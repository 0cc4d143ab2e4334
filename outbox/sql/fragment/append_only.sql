-- The statement trigger refuses before a row is touched, and TRUNCATE. The row trigger is for logical replication, which
-- applies changes row by row and fires no other. ALWAYS: also where session_replication_role is replica. Neither fires at
-- INSERT.
CREATE TRIGGER {log}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.{log}
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.{log}_refuse_change();
CREATE TRIGGER {log}_append_only_row BEFORE UPDATE OR DELETE ON {schema}.{log}
  FOR EACH ROW EXECUTE FUNCTION {schema}.{log}_refuse_change();
ALTER TABLE {schema}.{log} ENABLE ALWAYS TRIGGER {log}_append_only;
ALTER TABLE {schema}.{log} ENABLE ALWAYS TRIGGER {log}_append_only_row;
