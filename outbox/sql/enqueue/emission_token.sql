SELECT e.token FROM {schema}.outbox_emission e
