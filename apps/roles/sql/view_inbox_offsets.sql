    CREATE OR REPLACE VIEW {views}.inbox_offsets AS
      SELECT i.consumer, i.topic, i.partition, i.next_offset, i.origin, i.updated_at
        FROM {schema}.inbox_offsets i, (SELECT) AS read_only;
