e.type = ANY (pg_catalog.current_setting('annals.filter')::text[])
