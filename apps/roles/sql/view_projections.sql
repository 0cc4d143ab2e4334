    CREATE OR REPLACE VIEW {views}.projections AS
      SELECT p.name, p.version, p.position, p.event_id, p.reset_requested, p.updated_at
        FROM {schema}.projections p, (SELECT) AS read_only;
