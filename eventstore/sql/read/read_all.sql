SELECT e.position, e.stream_id, {columns}
  FROM {schema}.events e
