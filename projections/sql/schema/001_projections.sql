-- How far each read model has come, and what each consumer of messages from outside has handled already.
--
-- Privileges: a runner needs SELECT on events and streams, and SELECT, INSERT and UPDATE on projections; an inbox needs
-- SELECT, INSERT and UPDATE on inbox_offsets and SELECT, INSERT and DELETE on inbox_messages.
--
-- The rows of projections and inbox_offsets are updated all the time: room in the page keeps the updates off the index.
CREATE TABLE {schema}.projections (
  name              text        COLLATE "C" NOT NULL CHECK (name ~ '^[a-z_][a-z0-9_]{0,62}$'),
  version           integer     NOT NULL CHECK (version >= 1),
  position          bigint      NOT NULL DEFAULT 0 CHECK (position >= 0),
  event_id          uuid,
  system_identifier text        NOT NULL,
  reset_requested   boolean     NOT NULL DEFAULT false,
  updated_at        timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (name, version),
  CHECK ((position = 0) = (event_id IS NULL))
) WITH (fillfactor = 10);
COMMENT ON TABLE {schema}.projections IS
  'The read model is the fold of everything up to position; moves in the transaction that writes the read model.';

CREATE TABLE {schema}.inbox_offsets (
  consumer    text        COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(consumer) BETWEEN 1 AND 128),
  topic       text        COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(topic) BETWEEN 1 AND 249),
  partition   integer     NOT NULL CHECK (partition >= 0),
  next_offset bigint      NOT NULL CHECK (next_offset >= 0),
  origin      text        COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(origin) BETWEEN 1 AND 249),
  last_id     text        COLLATE "C" CHECK (pg_catalog.octet_length(last_id) BETWEEN 1 AND 1024),
  updated_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (consumer, topic, partition)
) WITH (fillfactor = 10);
COMMENT ON TABLE {schema}.inbox_offsets IS
  'Messages below next_offset have been handled; it decides where a consumer begins. Offsets are those of the cluster '
  'origin; last_id is the id of the message just below next_offset, when it had one.';

CREATE TABLE {schema}.inbox_messages (
  consumer    text        COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(consumer) BETWEEN 1 AND 128),
  source      text        COLLATE "C" NOT NULL,
  message_id  text        COLLATE "C" NOT NULL CHECK (message_id <> ''),
  received_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (consumer, source, message_id),
  CHECK (pg_catalog.octet_length(source) + pg_catalog.octet_length(message_id) <= 1024)
);
CREATE INDEX inbox_messages_by_age ON {schema}.inbox_messages (consumer, received_at);
COMMENT ON TABLE {schema}.inbox_messages IS 'Messages that have been handled, by producer and id; pruned by age.';
