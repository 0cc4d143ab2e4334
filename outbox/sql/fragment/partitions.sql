-- The table of {log} in partitions, so that what is published can go: whole, by DROP TABLE, and no row is ever updated,
-- deleted or moved (docs/adr/0016).
--
-- Partition number k, {log}_pK, has room for the positions from k * 10^11 to below (k + 1) * 10^11. A partition is not closed
-- when it is full, which no table can ever be, but when it is time: the sequence is set to where the next one begins. So:
--   - a writer never finds a position without a partition. Two are attached ahead; without anybody to attach more, a
--     service that writes 10,000 messages a second comes to their end after 231 days;
--   - attaching holds nobody up: SHARE UPDATE EXCLUSIVE on {log}, and the new table is empty;
--   - as long as everything is kept, there is one partition to read.
-- Positions go on increasing. The gap is a hole like those that rollbacks leave.
--
-- The same for claims (docs/adr/0023), which no relay reads: age alone says when those go.
--
-- {log}_maintain() does one thing a call, in a transaction of its own, so that whoever is killed at any point has done
-- one of them or nothing:
--   attached  one more partition ahead;
--   dropped   the oldest partition, when each relay has a checkpoint behind it, and its last row is older than `retain`. So
--             the row at every checkpoint is kept, by which a relay recognises its history, and so is the last row. Who has
--             ACCESS EXCLUSIVE knows that nobody can still write into it;
--   rolled    the sequence over to the next partition. Who has SHARE knows that no INSERT is under way, so each that is
--             yet to come takes the lock, and with it learns of the partition, before it draws a position;
--   busy      one of the last two is to be done, and a lock was not to be had: try again later;
--   none      nothing is to be done.
-- Waiting for a lock holds up whoever comes later. So it looks first: who holds one that is in the way, and still holds it
-- after as long as it would wait (lock_wait), is not waited for.

-- How long what is published is kept: nothing is removed without a `retain`. One row, for all relays.
CREATE TABLE {schema}.{log}_retention (
  only_row       boolean  PRIMARY KEY DEFAULT true CHECK (only_row),
  retain         interval CHECK (retain >= interval '0'),                    -- NULL: for ever
  partition_span interval CHECK (partition_span >= interval '1 second'),     -- NULL: an eighth of retain, at least an hour
  partition_rows bigint   CHECK (partition_rows BETWEEN 1 AND 10000000000),  -- NULL: however many
  lock_wait      interval NOT NULL DEFAULT '50 milliseconds' CHECK (lock_wait BETWEEN '1 millisecond' AND '10 seconds')
);
INSERT INTO {schema}.{log}_retention DEFAULT VALUES;
COMMENT ON TABLE {schema}.{log}_retention IS 'How long published messages are kept; see annals outbox retain.';

-- For {log}_maintain() and the step that makes the table; nobody else may call it, nor those below.
CREATE FUNCTION {schema}.{log}_attach_partition(number bigint) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $attach$
DECLARE
  leaf text := '{schema}.{log}_p' || number;
  grantee text;
BEGIN
  -- Rows come in order and never change: freeze them early, in insert-driven vacuums.
  EXECUTE 'CREATE TABLE ' || leaf || ' (LIKE {schema}.{log} INCLUDING CONSTRAINTS INCLUDING STORAGE)'
          ' WITH (autovacuum_freeze_min_age = 1000000, autovacuum_vacuum_insert_scale_factor = 0.05)';
  -- Who may write into a partition itself is not seen by those who wait for the writers of {log}: default privileges may have
  -- given that away.
  FOR grantee IN
    SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
      FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = leaf::regclass AND a.grantee <> c.relowner
  LOOP
    EXECUTE 'REVOKE ALL ON ' || leaf || ' FROM ' || grantee;
  END LOOP;
  EXECUTE 'CREATE TRIGGER {log}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ' || leaf ||
          ' FOR EACH STATEMENT EXECUTE FUNCTION {schema}.{log}_refuse_change()';
  EXECUTE 'ALTER TABLE ' || leaf || ' ENABLE ALWAYS TRIGGER {log}_append_only';
  EXECUTE format('ALTER TABLE {schema}.{log} ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)', leaf,
                 CASE number WHEN 0 THEN 'MINVALUE' ELSE (number * 100000000000)::text END,
                 CASE number WHEN 92233719 THEN 'MAXVALUE' ELSE ((number + 1) * 100000000000)::text END);
  -- The row trigger comes from {log}, but not always as it is there.
  EXECUTE 'ALTER TABLE ' || leaf || ' ENABLE ALWAYS TRIGGER {log}_append_only_row';
END
$attach$;

-- Takes the lock on {log}, for its partition `leaf` as well when that is to go; says who is in the way when it cannot be had.
CREATE FUNCTION {schema}.{log}_seize(leaf regclass, lock_wait interval) RETURNS text
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $seize$
DECLARE
  harmless text[] := CASE WHEN leaf IS NULL THEN ARRAY['AccessShareLock', 'RowShareLock', 'ShareLock'] ELSE '{}' END;
  holders text[];
  blocker text;
  give_up timestamptz := clock_timestamp() + lock_wait;
BEGIN
  -- First all who hold one, then those of them that still do.
  LOOP
    SELECT array_agg(l.virtualtransaction), min(coalesce('pid ' || l.pid, 'a prepared transaction'))
      INTO holders, blocker
      FROM pg_locks l
     WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
       AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
       AND l.relation IN ('{schema}.{log}'::regclass, leaf) AND l.mode <> ALL (harmless)
       AND (holders IS NULL OR l.virtualtransaction = ANY (holders));
    EXIT WHEN holders IS NULL;
    IF clock_timestamp() >= give_up THEN
      RETURN blocker || ' uses the table';
    END IF;
    PERFORM pg_sleep(0.005);
  END LOOP;
  PERFORM set_config('lock_timeout', ceil(extract(epoch FROM lock_wait) * 1000)::bigint::text, true);
  IF leaf IS NULL THEN
    LOCK TABLE ONLY {schema}.{log} IN SHARE MODE;
  ELSE
    LOCK TABLE {schema}.relay_checkpoints IN SHARE MODE;
    LOCK TABLE ONLY {schema}.{log} IN ACCESS EXCLUSIVE MODE;
    EXECUTE 'LOCK TABLE ' || leaf || ' IN ACCESS EXCLUSIVE MODE';
  END IF;
  RETURN NULL;
EXCEPTION WHEN lock_not_available THEN
  RETURN 'the table is in use';
END
$seize$;

-- Whether partition `number` may go: every relay has passed it, and it has been kept for as long as it shall be.
CREATE FUNCTION {schema}.{log}_is_spent(number bigint, retain interval) RETURNS boolean
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $spent$
DECLARE
  last_at timestamptz;
BEGIN
  IF '{log}' <> 'claims' AND coalesce((SELECT min(c.position) < (number + 1) * 100000000000
                                         FROM {schema}.relay_checkpoints c WHERE c.log = '{log}'), true) THEN
    RETURN false;
  END IF;
  EXECUTE 'SELECT recorded_at FROM {schema}.{log}_p' || number || ' ORDER BY position DESC LIMIT 1' INTO last_at;
  RETURN coalesce(last_at <= clock_timestamp() - retain, true);
END
$spent$;

CREATE FUNCTION {schema}.{log}_maintain(OUT action text, OUT partition text, OUT detail text)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '50ms' AS $maintain$
DECLARE
  policy {schema}.{log}_retention;
  next_position bigint;
  number bigint;    -- of the partition that is written to
  oldest bigint;
  first_at timestamptz;
BEGIN
  -- What is attached must be there for everybody before a position is drawn from it; what is decided must be seen as it is.
  IF pg_current_xact_id_if_assigned() IS NOT NULL OR current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION '{log}_maintain() takes a READ COMMITTED transaction of its own'
      USING ERRCODE = 'active_sql_transaction', HINT = 'call it outside of any other, as annals outbox maintain does';
  END IF;
  BEGIN
    LOCK TABLE ONLY {schema}.{log} IN SHARE UPDATE EXCLUSIVE MODE NOWAIT;  -- one at a time
  EXCEPTION WHEN lock_not_available THEN
    SELECT 'busy', NULL, 'somebody else maintains the table, or changes it' INTO action, partition, detail;
    RETURN;
  END;
  SELECT * INTO policy FROM {schema}.{log}_retention;
  SELECT s.last_value + CASE WHEN s.is_called THEN 1 ELSE 0 END INTO next_position FROM {schema}.{log}_position_seq s;
  number := next_position / 100000000000;

  FOR k IN number .. least(number + 2, 92233719) LOOP
    CONTINUE WHEN EXISTS (SELECT FROM pg_inherits i
                           WHERE i.inhparent = '{schema}.{log}'::regclass
                             AND i.inhrelid = to_regclass('{schema}.{log}_p' || k));
    PERFORM {schema}.{log}_attach_partition(k);
    SELECT 'attached', '{log}_p' || k, '' INTO action, partition, detail;
    RETURN;
  END LOOP;

  SELECT 'none', NULL, '' INTO action, partition, detail;
  IF policy.retain IS NULL THEN
    RETURN;
  END IF;

  SELECT min(pg_catalog.substring(c.relname, '^{log}_p([0-9]+)$')::bigint) INTO oldest
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
   WHERE i.inhparent = '{schema}.{log}'::regclass;
  IF oldest < number AND {schema}.{log}_is_spent(oldest, policy.retain) THEN
    partition := '{log}_p' || oldest;
    detail := {schema}.{log}_seize(('{schema}.' || partition)::regclass, policy.lock_wait);
    -- It may have been looked at before somebody moved a checkpoint back.
    IF detail IS NULL AND {schema}.{log}_is_spent(oldest, policy.retain) THEN
      EXECUTE 'DROP TABLE {schema}.' || partition;
      SELECT 'dropped', '' INTO action, detail;
    ELSE
      action := 'busy';
    END IF;
    RETURN;
  END IF;

  SELECT l.recorded_at INTO first_at FROM {schema}.{log} l
   WHERE l.position >= number * 100000000000 ORDER BY l.position LIMIT 1;
  IF number < 92233719 AND first_at IS NOT NULL
     AND (next_position - greatest(number * 100000000000, 1) >= policy.partition_rows
          OR first_at <= clock_timestamp() - coalesce(policy.partition_span, greatest(policy.retain / 8, interval '1 hour')))
  THEN
    partition := '{log}_p' || number + 1;
    detail := {schema}.{log}_seize(NULL, policy.lock_wait);
    IF detail IS NULL THEN
      PERFORM setval('{schema}.{log}_position_seq', (number + 1) * 100000000000, false);
      SELECT 'rolled', '' INTO action, detail;
    ELSE
      action := 'busy';
    END IF;
  END IF;
END
$maintain$;

REVOKE ALL ON FUNCTION {schema}.{log}_attach_partition(bigint), {schema}.{log}_seize(regclass, interval),
  {schema}.{log}_is_spent(bigint, interval), {schema}.{log}_maintain() FROM PUBLIC;

SELECT {schema}.{log}_attach_partition(k) FROM pg_catalog.generate_series(0, 2) k;
