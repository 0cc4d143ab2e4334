-- Messages that a service wants published, written in its own transaction; and how far each relay has come.
--
-- Privileges: what `annals schema roles apply` gives. Never INSERT on the whole table: OVERRIDING SYSTEM VALUE would let a
-- writer choose a position, and relays would pass over everything below it, or never see it. An identity column needs no
-- grant on its sequence.
--
-- The limits repeat annals/core/limits.hpp, annals/core/reserved_headers.hpp and annals/outbox/message.hpp, for writers in
-- other languages. They are domains, not CHECKs of the table: PostgreSQL parses those anew in every statement that
-- inserts, a domain's once a session.
CREATE DOMAIN {schema}.message_topic AS text COLLATE "C"
  CHECK (VALUE ~ '^[a-zA-Z0-9._-]+$' AND pg_catalog.octet_length(VALUE) <= 249 AND VALUE NOT IN ('.', '..'));
CREATE DOMAIN {schema}.message_key AS text COLLATE "C" CHECK (pg_catalog.octet_length(VALUE) BETWEEN 1 AND 1024);
CREATE DOMAIN {schema}.message_payload AS bytea CHECK (pg_catalog.octet_length(VALUE) <= 16777216);
-- include postgres/sql/fragment/limits.sql kind=message

-- include postgres/sql/fragment/bell.sql log=outbox

CREATE TABLE {schema}.outbox (
  position       bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
  recorded_at    timestamptz NOT NULL DEFAULT
    CASE WHEN pg_catalog.pg_try_advisory_xact_lock_shared(
                pg_catalog.hashtextextended('annals:bell:{schema}.outbox' COLLATE "C", 0))
         THEN pg_catalog.clock_timestamp()  -- nobody sleeps
         ELSE {schema}.outbox_ring() END,
  occurred_at    {schema}.message_time,
  message_id     {schema}.message_id NOT NULL,
  content_type   {schema}.message_content_type NOT NULL,
  topic          {schema}.message_topic NOT NULL,
  key            {schema}.message_key,
  type           {schema}.message_type NOT NULL,
  payload        {schema}.message_payload NOT NULL,
  correlation_id {schema}.message_metadata,
  causation_id   {schema}.message_metadata,
  traceparent    {schema}.message_metadata,
  tracestate     {schema}.message_metadata,
  headers        {schema}.message_headers
) PARTITION BY RANGE (position);
COMMENT ON TABLE {schema}.outbox IS 'Messages to publish, in position order; append-only.';
COMMENT ON COLUMN {schema}.outbox.headers IS 'name, value, name, value …';
COMMENT ON COLUMN {schema}.outbox.content_type IS '0 octet-stream, 1 json, 2 protobuf';

CREATE FUNCTION {schema}.outbox_refuse_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $refuse$
BEGIN
  RAISE EXCEPTION '% on %.% refused: the outbox is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'object_not_in_prerequisite_state',
          HINT = 'a relay may already have published the row; enqueue a correcting message instead';
END
$refuse$;

-- include outbox/sql/fragment/append_only.sql log=outbox

-- Partitions are dropped only below the lowest checkpoint: a relay recognises its history by the row there.
CREATE TABLE {schema}.relay_checkpoints (
  relay             text        COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(relay) BETWEEN 1 AND 128),
  log               text        COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(log) BETWEEN 1 AND 63),
  position          bigint      NOT NULL CHECK (position >= 0),
  message_id        uuid,
  cursor            text        COLLATE "C",         -- of another source than the table, which position and message_id are for
  system_identifier text        NOT NULL,
  timeline          text        NOT NULL,
  updated_at        timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  epoch             bigint      NOT NULL DEFAULT 0,  -- counts the owners: the last one writes
  -- Exactly once: the broker keeps the checkpoint, in the messages' own transactions, and this row follows it.
  transactional_id uuid,                             -- names it there, for good
  generation       uuid,                             -- the broker's counts when it has this one, else this row does
  in_broker        boolean  NOT NULL DEFAULT false,  -- it has been seen to have it
  -- Shards, see relay_shards; each has a row of its own.
  instance         uuid,                             -- the process that owned it last
  retired          boolean  NOT NULL DEFAULT false,  -- its owner has left for good, because the number of shards changes
  PRIMARY KEY (relay, log),
  CHECK ((position = 0) = (message_id IS NULL)),
  CHECK (generation IS NULL OR transactional_id IS NOT NULL),
  CHECK (generation IS NOT NULL OR NOT in_broker)
) WITH (fillfactor = 10);
COMMENT ON TABLE {schema}.relay_checkpoints IS 'Everything up to position is delivered; written by annals-relay.';

-- Into how many shards a relay divides a log by key; this row has the say, not a configuration. A shard is a relay of its own,
-- called "orders/2-of-4". To change the number all shards retire at their checkpoints (wanted says so), and then new ones take
-- over: each message at or below the position in came_from of the shard that it belonged to before is delivered.
CREATE TABLE {schema}.relay_shards (
  relay      text        COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(relay) BETWEEN 1 AND 128),
  log        text        COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(log) BETWEEN 1 AND 63),
  shards     integer     NOT NULL CHECK (shards BETWEEN 1 AND 64),
  wanted     integer     NOT NULL CHECK (wanted BETWEEN 1 AND 64),
  came_from  bigint[]    NOT NULL DEFAULT ARRAY[]::bigint[] CHECK (pg_catalog.cardinality(came_from) <= 64),
  changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (relay, log)
);
COMMENT ON TABLE {schema}.relay_shards IS 'Into how many shards a relay divides a log; see annals relay shards.';

-- The processes of a relay. One lives as long as a session of it holds the advisory lock lock_key; what the dead leave is removed
-- by the living.
CREATE TABLE {schema}.relay_instances (
  instance   uuid        NOT NULL,
  relay      text        COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(relay) BETWEEN 1 AND 128),
  log        text        COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(log) BETWEEN 1 AND 63),
  lock_key   bigint      NOT NULL,
  host       text        NOT NULL CHECK (pg_catalog.octet_length(host) <= 255),
  pid        integer     NOT NULL,
  started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (instance, relay, log)
);
COMMENT ON TABLE {schema}.relay_instances IS 'Running processes of relays; see annals relay status.';

-- What operators decided about single messages that cannot be published. Nothing changes or removes a row: it says who left a
-- hole in a topic, or had a message tried again, when and why.
CREATE TABLE {schema}.relay_decisions (
  decision   bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
  relay      text        COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(relay) BETWEEN 1 AND 128),
  log        text        COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(log) BETWEEN 1 AND 63),
  position   bigint      NOT NULL CHECK (position > 0),
  message_id uuid        NOT NULL,
  action     text        COLLATE "C" NOT NULL CHECK (action IN ('skip', 'retry', 'headers')),
  headers    {schema}.message_headers,  -- instead of the message's own
  decided_by name        NOT NULL DEFAULT session_user,
  decided_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  reason     text        NOT NULL CHECK (pg_catalog.octet_length(reason) BETWEEN 1 AND 1024),
  CHECK ((action = 'headers') = (headers IS NOT NULL))
);
CREATE INDEX relay_decisions_message ON {schema}.relay_decisions (relay, log, position, decision);
COMMENT ON TABLE {schema}.relay_decisions IS 'What operators decided about messages that cannot be published; append-only.';

-- Messages that a relay set aside because they cannot be published, and those of the same topic and key that wait behind
-- them, each with all that it needs to be published later. Written by the relay alone.
CREATE TABLE {schema}.relay_parked (
  place             bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,  -- per key the order of the log
  relay             text        COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(relay) BETWEEN 1 AND 128),
  log               text        COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(log) BETWEEN 1 AND 63),
  position          bigint      NOT NULL CHECK (position > 0),
  message_id        uuid        NOT NULL,
  policy            text        COLLATE "C" NOT NULL CHECK (policy IN ('park', 'dead-letter')),
  topic             text        COLLATE "C" NOT NULL,
  key               text        COLLATE "C",
  reason            text        NOT NULL,            -- why it cannot be published; empty: it waits behind another
  dead_letter_topic text        COLLATE "C",
  parked_at         timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  attempts          integer     NOT NULL DEFAULT 0,  -- to publish it after a decision
  decision          bigint      NOT NULL DEFAULT 0,  -- the last one that was carried out
  batch             uuid,                            -- exactly once: what it is published with
  done_at           timestamptz,
  outcome           text        COLLATE "C" CHECK (outcome IN ('published', 'skipped')),
  type              text        COLLATE "C" NOT NULL,
  content_type      smallint    NOT NULL,
  payload           bytea       NOT NULL,            -- empty once it is done
  occurred_at       timestamptz NOT NULL,
  subject           text        COLLATE "C",
  sequence          bigint      NOT NULL,
  correlation_id    text,
  causation_id      text,
  traceparent       text,
  tracestate        text,
  headers           text[],
  UNIQUE (relay, log, position, message_id),
  CHECK ((done_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX relay_parked_open ON {schema}.relay_parked (relay, log, place) WHERE done_at IS NULL;
CREATE INDEX relay_parked_stuck ON {schema}.relay_parked (relay, log, place) WHERE done_at IS NULL AND reason <> '';
COMMENT ON TABLE {schema}.relay_parked IS 'Messages that a relay set aside; see annals outbox parked.';

-- include outbox/sql/fragment/partitions.sql log=outbox
-- include outbox/sql/fragment/emission.sql log=outbox
-- include postgres/sql/fragment/horizon.sql log=outbox
-- include postgres/sql/fragment/publication.sql log=outbox
