    -- A second item in FROM costs nothing and makes a view that PostgreSQL never writes through.
    CREATE OR REPLACE VIEW {views}.streams AS
      SELECT s.stream_id, s.name::text AS stream, s.version::bigint AS version, s.created_at
        FROM {schema}.streams s, (SELECT) AS read_only;
