-- Privileges: what `annals schema roles apply` gives. Never INSERT on a whole table: OVERRIDING SYSTEM VALUE would let a
-- writer choose a position, and readers would pass over everything below it, or never see it. An identity column needs no
-- grant on its sequence.
--
-- The limits repeat annals/core/limits.hpp and annals/core/reserved_headers.hpp, for writers in other languages. They are
-- domains, not CHECKs of the tables: PostgreSQL parses a table's CHECKs anew in every statement that inserts (16 us of an
-- append of 200), a domain's once a session. Functions are named with their schema: what a domain calls is settled
-- here, whoever uses it later.
CREATE DOMAIN {schema}.stream_name AS text COLLATE "C" CHECK (pg_catalog.octet_length(VALUE) BETWEEN 1 AND 512);
CREATE DOMAIN {schema}.stream_version AS bigint CHECK (VALUE > 0);
CREATE DOMAIN {schema}.event_data AS bytea CHECK (pg_catalog.octet_length(VALUE) <= 16777216);
-- include postgres/sql/fragment/limits.sql kind=event

-- One row a stream: its head, the only authority on versions. The free space of each page keeps updates of the head
-- on the page (HOT), so that no index is touched.
CREATE TABLE {schema}.streams (
  stream_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  version    {schema}.stream_version NOT NULL,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  name       {schema}.stream_name NOT NULL,
  CONSTRAINT streams_name_key UNIQUE (name)
) WITH (fillfactor = 70);

-- include postgres/sql/fragment/bell.sql log=events

-- The log. position: one order over all streams; drawn under the stream's row lock, so it agrees with version. The
-- sequence must not cache: the tail relies on positions being drawn in increasing order.
CREATE TABLE {schema}.events (
  position       bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
  stream_id      bigint NOT NULL,  -- of streams; no foreign key, whose check would cost every append a query
  version        {schema}.stream_version NOT NULL,
  recorded_at    timestamptz NOT NULL DEFAULT
    CASE WHEN pg_catalog.pg_try_advisory_xact_lock_shared(
                pg_catalog.hashtextextended('annals:bell:{schema}.events' COLLATE "C", 0))
         THEN pg_catalog.clock_timestamp()  -- nobody sleeps
         ELSE {schema}.events_ring() END,
  occurred_at    {schema}.event_time,
  event_id       {schema}.event_id NOT NULL,
  content_type   {schema}.event_content_type NOT NULL,
  type           {schema}.event_type NOT NULL,
  data           {schema}.event_data NOT NULL,
  correlation_id {schema}.event_metadata,
  causation_id   {schema}.event_metadata,
  traceparent    {schema}.event_metadata,
  tracestate     {schema}.event_metadata,
  headers        {schema}.event_headers,
  CONSTRAINT events_stream_version_key UNIQUE (stream_id, version)
);

-- Rows come in order and never change: freeze them early, in insert-driven vacuums.
ALTER TABLE {schema}.events SET (autovacuum_freeze_min_age = 1000000, autovacuum_vacuum_insert_scale_factor = 0.05);

CREATE FUNCTION {schema}.refuse_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
  RAISE EXCEPTION '% on %.% is refused: the table is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING HINT = 'Append a correcting event instead.', ERRCODE = 'raise_exception';
END
$body$;

-- The statement triggers refuse before a row is touched, and TRUNCATE. The row triggers are for logical replication, which
-- applies changes row by row and fires no other. ALWAYS: also where session_replication_role is replica. None fires at
-- INSERT.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.events
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON {schema}.events
  FOR EACH ROW EXECUTE FUNCTION {schema}.refuse_change();
ALTER TABLE {schema}.events ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE {schema}.events ENABLE ALWAYS TRIGGER append_only_row;

-- Heads move on, and never go: no foreign key stands between a stream and its events.
CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON {schema}.streams
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER never_removed_row BEFORE DELETE ON {schema}.streams
  FOR EACH ROW EXECUTE FUNCTION {schema}.refuse_change();
ALTER TABLE {schema}.streams ENABLE ALWAYS TRIGGER never_removed;
ALTER TABLE {schema}.streams ENABLE ALWAYS TRIGGER never_removed_row;

-- include postgres/sql/fragment/horizon.sql log=events
-- include postgres/sql/fragment/publication.sql log=events
