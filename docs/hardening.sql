-- Takes advisory locks away from strangers. In PostgreSQL everybody who may connect to a database may take any of them,
-- and whoever holds a relay's, a runner's or a reader's key keeps it waiting. After this only the roles named may.
--
-- Once in each database, as a superuser (the functions are PostgreSQL's own), again after a new role or an upgrade:
--   psql "$ANNALS_DATABASE" --set roles=annals_owner,annals_writer,annals_relay,annals_projector,annals_operator --file docs/hardening.sql
-- Name every role that Annals' programs or other users of advisory locks in this database log in as.
\set ON_ERROR_STOP on
BEGIN;
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure)
  FROM pg_catalog.pg_proc
 WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^pg_(try_)?advisory_(xact_)?(un)?lock'
 ORDER BY oid \gexec
SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', p.oid::regprocedure, pg_catalog.btrim(r.name))
  FROM pg_catalog.pg_proc p, pg_catalog.regexp_split_to_table(:'roles', ',') AS r (name)
 WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '^pg_(try_)?advisory_(xact_)?(un)?lock'
 ORDER BY p.oid \gexec
COMMIT;
