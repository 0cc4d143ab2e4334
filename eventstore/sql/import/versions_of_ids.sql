-- At which version of the stream $1, from $2 on, the log has the id $3, if it has it: the first, where somebody gave an id
-- twice.
SELECT i.ordinal, e.version
  FROM unnest($1::bigint[], $2::bigint[], $3::uuid[]) WITH ORDINALITY AS i (stream_id, first, event_id, ordinal)
 CROSS JOIN LATERAL (SELECT version::bigint
                       FROM {schema}.events
                      WHERE stream_id = i.stream_id AND version::bigint >= i.first AND event_id::uuid = i.event_id
                      ORDER BY version::bigint
                      LIMIT 1) e
