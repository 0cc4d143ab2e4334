SELECT pg_catalog.has_any_column_privilege($1::text, 'UPDATE') AND pg_catalog.current_setting('transaction_read_only') = 'off'
