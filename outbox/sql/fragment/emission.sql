-- Messages without a table: {log}_emit() writes one into the write-ahead log alone, in the caller's transaction, for relays that
-- read the log (docs/adr/0020). No row, no index, nothing to vacuum; and no other place to read it from: whoever loses the
-- slot loses the message. So nobody can emit unless an operator has switched it on, which takes a relay that reads the log, and
-- each call asks whether the slots are still there.

-- One row. `token` is a secret of this schema: PostgreSQL lets everybody write messages into the log, and by it a relay tells those of
-- {log}_emit() from what anybody else has made up. Never changed, for what was emitted before would be a stranger's.
CREATE TABLE {schema}.{log}_emission (
  only_row      boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
  token         uuid        NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
  slots         name[]      NOT NULL DEFAULT '{}',   -- that must have what is emitted; empty: switched off
  emitted_until pg_lsn      NOT NULL DEFAULT '0/0',  -- nothing was emitted that commits behind it
  changed_at    timestamptz,
  changed_by    name
);
INSERT INTO {schema}.{log}_emission DEFAULT VALUES;
COMMENT ON TABLE {schema}.{log}_emission IS 'Whether messages may be emitted into the log alone; see annals outbox emission.';

-- Switches it on, with the slots that must have what is emitted, or off, with none. Off waits for the transactions that have emitted,
-- so that emitted_until is behind all of them; `give_up` says that nobody need read what is left of them.
CREATE FUNCTION {schema}.{log}_emission_switch(slots name[], give_up boolean) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $switch$
BEGIN
  LOCK TABLE {schema}.{log}_emission IN ACCESS EXCLUSIVE MODE;
  UPDATE {schema}.{log}_emission e
     SET slots = {log}_emission_switch.slots,
         emitted_until = CASE WHEN cardinality({log}_emission_switch.slots) > 0 THEN '7FFFFFFF/FFFFFFFF'::pg_lsn
                              WHEN give_up THEN '0/0'::pg_lsn
                              WHEN cardinality(e.slots) > 0 THEN pg_current_wal_insert_lsn()
                              ELSE e.emitted_until END,
         changed_at = clock_timestamp(), changed_by = session_user;
END
$switch$;

-- Emits a message, in the caller's transaction; returns its position, which no row has. The arguments, by name, and their limits are
-- the columns of {log} and theirs. Texts go out as UTF-8, whatever the caller's session speaks. What is written is version 1 of
-- outbox/src/enqueue/emitted.hpp.
CREATE FUNCTION {schema}.{log}_emit(
  topic text, key text, type text, payload bytea, content_type integer DEFAULT 0,
  message_id uuid DEFAULT pg_catalog.gen_random_uuid(), occurred_at timestamptz DEFAULT NULL,
  correlation_id text DEFAULT NULL, causation_id text DEFAULT NULL, traceparent text DEFAULT NULL,
  tracestate text DEFAULT NULL, headers text[] DEFAULT NULL) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $emit$
DECLARE
  -- An assignment asks what the domain allows.
  valid_topic {schema}.message_topic NOT NULL := topic;
  valid_key {schema}.message_key := key;
  valid_type {schema}.message_type NOT NULL := type;
  valid_payload {schema}.message_payload NOT NULL := payload;
  valid_content_type {schema}.message_content_type NOT NULL := content_type;
  valid_id {schema}.message_id NOT NULL := message_id;
  valid_time {schema}.message_time := occurred_at;
  valid_correlation_id {schema}.message_metadata := correlation_id;
  valid_causation_id {schema}.message_metadata := causation_id;
  valid_traceparent {schema}.message_metadata := traceparent;
  valid_tracestate {schema}.message_metadata := tracestate;
  valid_headers {schema}.message_headers := headers;
  emission {schema}.{log}_emission;
  there integer;
  number bigint;
BEGIN
  -- Who sees the database as it was may see the row from before the switch, whose lock is gone: he asks for it as it is, and is told to
  -- run his transaction again when that is another.
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    SELECT * INTO STRICT emission FROM {schema}.{log}_emission FOR SHARE;
  ELSE
    SELECT * INTO STRICT emission FROM {schema}.{log}_emission;
  END IF;
  IF cardinality(emission.slots) = 0 THEN
    RAISE EXCEPTION 'messages of {schema}.{log} may not be emitted: that is switched off'
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'enqueue the message; or have an operator run: annals outbox emission on';
  END IF;
  -- Of this database: the row may have come here in a copy of another one.
  SELECT count(*) INTO there FROM pg_get_replication_slots() s JOIN pg_database d ON d.oid = s.datoid
   WHERE s.slot_name = ANY (emission.slots) AND d.datname = current_database() AND s.wal_status IS DISTINCT FROM 'lost';
  IF there < cardinality(emission.slots) THEN
    RAISE EXCEPTION 'messages of {schema}.{log} may not be emitted: a slot is gone that should have them'
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'enqueue the message; annals outbox emission says which slot, and what to do';
  END IF;
  number := nextval('{schema}.{log}_position_seq');
  PERFORM pg_logical_emit_message(
    true, 'annals.{log}/1/{schema}/' || emission.token,
    record_send(ROW(number, valid_id::uuid, clock_timestamp(), valid_time::timestamptz, valid_content_type::smallint,
                    convert_to(valid_topic, 'UTF8'), convert_to(valid_key, 'UTF8'), convert_to(valid_type, 'UTF8'),
                    valid_payload::bytea, convert_to(valid_correlation_id, 'UTF8'), convert_to(valid_causation_id, 'UTF8'),
                    convert_to(valid_traceparent, 'UTF8'), convert_to(valid_tracestate, 'UTF8'),
                    CASE WHEN valid_headers IS NOT NULL THEN
                      ARRAY(SELECT convert_to(h.part, 'UTF8') FROM unnest(valid_headers) WITH ORDINALITY AS h (part, n)
                             ORDER BY h.n) END)));
  RETURN number;
END
$emit$;

REVOKE ALL ON FUNCTION {schema}.{log}_emission_switch(name[], boolean),
  {schema}.{log}_emit(text, text, text, bytea, integer, uuid, timestamptz, text, text, text, text, text[]) FROM PUBLIC;
