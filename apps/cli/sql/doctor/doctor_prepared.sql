SELECT gid, owner::text, (extract(epoch FROM clock_timestamp() - prepared) * 1000)::bigint
  FROM pg_catalog.pg_prepared_xacts WHERE database = current_database() ORDER BY prepared
