-- Streams whose head the current transaction wrote.
SELECT count(*) FROM {schema}.streams WHERE xmin = pg_current_xact_id()::xid
