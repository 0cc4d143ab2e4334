SELECT retain::text, partition_span::text, partition_rows FROM {schema}.outbox_retention
