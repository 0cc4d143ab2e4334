-- Which of the events (stream $1, version $2, id $3, type $4, data $5) are in the log exactly so.
SELECT i.ordinal
  FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::bytea[])
       WITH ORDINALITY AS i (stream, version, event_id, type, data, ordinal)
  JOIN {schema}.streams s ON s.name = i.stream
  JOIN {schema}.events e ON e.stream_id = s.stream_id AND e.version = i.version AND e.event_id = i.event_id
                        AND e.type = i.type AND e.data = i.data
 ORDER BY i.ordinal
