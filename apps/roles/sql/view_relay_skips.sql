    CREATE OR REPLACE VIEW {views}.relay_skips AS
      SELECT k.relay, k.log, k.position, k.message_id, k.decided_by::text AS decided_by, k.decided_at, k.reason
        FROM {schema}.relay_skips k, (SELECT) AS read_only;
