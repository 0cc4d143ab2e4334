SELECT (SELECT coalesce(max(position), 0)::bigint FROM {schema}.outbox),
       (SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint
          FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = '{schema}.outbox'::regclass),
       (SELECT coalesce(sum(pg_total_relation_size(i.inhrelid)), 0)::bigint
          FROM pg_catalog.pg_inherits i WHERE i.inhparent = '{schema}.outbox'::regclass),
       (SELECT (extract(epoch FROM clock_timestamp() - o.recorded_at) * 1000)::bigint
          FROM {schema}.outbox o
         WHERE o.position > coalesce((SELECT min(c.position) FROM {schema}.relay_checkpoints c
                                       WHERE c.log = 'outbox'), 0)
         ORDER BY o.position LIMIT 1),
       (SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint
          FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = '{schema}.claims'::regclass),
       (SELECT coalesce(sum(pg_total_relation_size(i.inhrelid)), 0)::bigint
          FROM pg_catalog.pg_inherits i WHERE i.inhparent = '{schema}.claims'::regclass)
