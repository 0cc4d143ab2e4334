    CREATE OR REPLACE VIEW {views}.relay_parked AS
      SELECT p.relay, p.log, p.position, p.message_id, p.policy, p.topic, p.key, p.reason, p.dead_letter_topic, p.parked_at,
             p.attempts, p.done_at, p.outcome, p.type
        FROM {schema}.relay_parked p, (SELECT) AS read_only;
