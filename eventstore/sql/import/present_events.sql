-- Which of the events (stream $1, version $2, id $3, type $4, data $5) are in the log: at that place with that id, and
-- whether with that type and data.
SELECT i.ordinal, e.type::text = i.type AND e.data::bytea = i.data
  FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[], $5::bytea[])
       WITH ORDINALITY AS i (stream_id, version, event_id, type, data, ordinal)
  JOIN {schema}.events e ON e.stream_id = i.stream_id AND e.version::bigint = i.version
                        AND e.event_id::uuid = i.event_id
