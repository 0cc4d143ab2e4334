    CREATE OR REPLACE VIEW {views}.relays AS
      SELECT c.relay, c.log, c.position, c.message_id, c.updated_at
        FROM {schema}.relay_checkpoints c, (SELECT) AS read_only;
