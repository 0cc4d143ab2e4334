-- What a service of the shop and its relay may do in the service's database, which belongs to a third role, the one that
-- ran `init`: neither can change an event, a table or anybody's rights. Run by the owner, once `init` has made the tables:
--   psql "$ORDERS_DATABASE" --set service=orders_service --set relay=orders_relay --file examples/shop/grants.sql
\set ON_ERROR_STOP on
BEGIN;
GRANT USAGE ON SCHEMA annals TO :"service", :"relay";
GRANT SELECT ON annals.schema_migrations TO :"service", :"relay";

-- The service appends events ...
GRANT SELECT, INSERT, UPDATE (version) ON annals.streams TO :"service";
GRANT SELECT, INSERT ON annals.events TO :"service";
-- ... consumes messages, and keeps its read model.
GRANT SELECT, INSERT, UPDATE ON annals.projections, annals.inbox_offsets TO :"service";
GRANT SELECT, INSERT, DELETE ON annals.inbox_messages TO :"service";
SELECT format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.order_status TO %I', :'service')
 WHERE to_regclass('public.order_status') IS NOT NULL \gexec

-- The relay reads the events and notes how far it is.
GRANT SELECT ON annals.streams, annals.events, annals.relay_skips TO :"relay";
GRANT SELECT, INSERT, UPDATE ON annals.relay_checkpoints TO :"relay";
-- Both read the log in its exact order, and store how far it is final.
GRANT SELECT, UPDATE ON annals.events_horizon TO :"service", :"relay";
COMMIT;
