DELETE FROM {schema}.inbox_messages
 WHERE (consumer, source, message_id) IN (
   SELECT m.consumer, m.source, m.message_id FROM {schema}.inbox_messages m
    WHERE m.consumer = $1 AND m.received_at < $2::timestamptz
    ORDER BY m.received_at LIMIT $3::bigint)
