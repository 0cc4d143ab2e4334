    CREATE OR REPLACE VIEW {views}.relay_decisions AS
      SELECT d.relay, d.log, d.position, d.message_id, d.action, d.decided_by::text AS decided_by, d.decided_at, d.reason
        FROM {schema}.relay_decisions d, (SELECT) AS read_only;
