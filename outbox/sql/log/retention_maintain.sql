SELECT action, coalesce(partition, ''), coalesce(detail, '') FROM {schema}.{log}_maintain()
