-- Which of the events (stream $1, version $2, id $3, type $4, data $5) are in the log exactly so.
SELECT i.ordinal
  FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::bytea[])
       WITH ORDINALITY AS i (stream, version, event_id, type, data, ordinal)
  JOIN {schema}.streams s ON s.name::text = i.stream
  JOIN {schema}.events e ON e.stream_id = s.stream_id AND e.version::bigint = i.version
                        AND e.event_id::uuid = i.event_id AND e.type::text = i.type AND e.data::bytea = i.data
 ORDER BY i.ordinal
