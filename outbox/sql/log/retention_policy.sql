SELECT retain::text, partition_span::text, partition_rows, lock_wait::text FROM {schema}.{log}_retention
