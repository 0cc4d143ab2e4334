-- Payloads that are too large to be published: a message carries a reference to one, and its reader fetches it here.
--
-- Written by relays, each before the message that refers to it. Kept as long as claims_retention says, whatever relays do; what
-- a relay wrote and then did not publish goes with the rest.
CREATE TABLE {schema}.claims (
  position         bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
  recorded_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  log              text  COLLATE "C" NOT NULL CHECK (pg_catalog.octet_length(log) BETWEEN 1 AND 63),
  message_position bigint NOT NULL,
  message_id       uuid  NOT NULL,
  sha256           bytea NOT NULL CHECK (pg_catalog.octet_length(sha256) = 32),
  payload          bytea NOT NULL
) PARTITION BY RANGE (position);
CREATE INDEX claims_message ON {schema}.claims (message_id);
COMMENT ON TABLE {schema}.claims IS 'Payloads of messages that were published as a reference; append-only.';

CREATE FUNCTION {schema}.claims_refuse_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $refuse$
BEGIN
  RAISE EXCEPTION '% on %.% refused: claims are append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'object_not_in_prerequisite_state',
          HINT = 'a published message refers to the row; it goes when its time is over: annals outbox retain --claims';
END
$refuse$;
-- include outbox/sql/fragment/append_only.sql log=claims

-- include outbox/sql/fragment/partitions.sql log=claims

-- What the header annals-claim of a record stands for. For readers in any language, who give the header's value as it is. They may
-- read no table: whoever has no reference gets no payload.
CREATE FUNCTION {schema}.claim_payload(reference text) RETURNS bytea
  LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $payload$
DECLARE
  part text[] := regexp_match(reference,
    '^annals-claim:[^/?]+/[^/?]+/([0-9]{1,18})[?]bytes=([0-9]{1,10})&sha256=([0-9a-f]{64})$');
  kept bytea;
BEGIN
  IF part IS NULL THEN
    RAISE EXCEPTION 'this is no reference to a claim: %', left(reference, 200)
      USING ERRCODE = 'invalid_parameter_value', HINT = 'give the value of the header annals-claim as it is';
  END IF;
  SELECT c.payload INTO kept FROM {schema}.claims c WHERE c.position = part[1]::bigint AND c.sha256 = decode(part[3], 'hex');
  -- A message may be faster than the replica that its payload is read from. When something of that number or above has come that
  -- was written a minute ago, it will not come.
  IF NOT FOUND AND pg_is_in_recovery()
     AND part[1]::bigint >= (SELECT 100000000000 * min(pg_catalog.substring(p.relname, '^claims_p([0-9]+)$')::bigint)
                               FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid
                              WHERE i.inhparent = '{schema}.claims'::regclass)
     AND NOT EXISTS (SELECT FROM {schema}.claims c
                      WHERE c.position >= part[1]::bigint AND c.recorded_at < clock_timestamp() - interval '1 minute') THEN
    RAISE EXCEPTION 'claim % has not come to this replica yet', reference
      USING ERRCODE = 'cannot_connect_now',
            HINT = 'ask again, or the primary: it knows whether there is such a claim; the reference names the database';
  END IF;
  IF kept IS NULL THEN
    RAISE EXCEPTION 'claim % is not in schema {schema} of database %', reference, current_database()
      USING ERRCODE = 'no_data_found',
            HINT = 'either its time is over (annals outbox retention --claims), or it is in another database: the reference names it';
  END IF;
  IF octet_length(kept) <> part[2]::bigint OR sha256(kept) <> decode(part[3], 'hex') THEN
    RAISE EXCEPTION 'claim % is damaged: what is kept has % bytes and SHA-256 %', reference, octet_length(kept),
      encode(sha256(kept), 'hex') USING ERRCODE = 'data_corrupted', HINT = 'restore the row from a backup';
  END IF;
  RETURN kept;
END
$payload$;
REVOKE ALL ON FUNCTION {schema}.claim_payload(text) FROM PUBLIC;
