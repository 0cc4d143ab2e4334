-- A place in the log behind all others is the largest bigint.
SELECT (e.emitted_until - '0/0'::pg_lsn)::bigint, e.changed_at, e.changed_by::text
  FROM {schema}.outbox_emission e
