UPDATE {schema}.{log}_retention
   SET retain = $1::text::interval, partition_span = $2::text::interval, partition_rows = $3::bigint,
       lock_wait = coalesce($4::text::interval, '50 milliseconds')
