SELECT (SELECT coalesce(max(position), 0)::bigint FROM {schema}.outbox),
       greatest((SELECT reltuples::bigint FROM pg_catalog.pg_class WHERE oid = '{schema}.outbox'::regclass), 0),
       pg_total_relation_size('{schema}.outbox'::regclass),
       (SELECT (extract(epoch FROM clock_timestamp() - o.recorded_at) * 1000)::bigint
          FROM {schema}.outbox o
         WHERE o.position > coalesce((SELECT min(c.position) FROM {schema}.relay_checkpoints c
                                       WHERE c.log = 'outbox'), 0)
         ORDER BY o.position LIMIT 1)
