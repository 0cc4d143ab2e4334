SELECT current_setting('server_version'), pg_is_in_recovery(),
       (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
       current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
       current_setting('wal_level'), current_setting('max_prepared_transactions')::int
