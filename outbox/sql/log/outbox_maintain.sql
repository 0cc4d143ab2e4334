SELECT action, coalesce(partition, ''), coalesce(detail, '') FROM {schema}.outbox_maintain()
