
-- Views for people, who get no USAGE on the log's own schema: none of them can hold its readers back.
DO $views$
DECLARE
  owner text := (SELECT pg_catalog.pg_get_userbyid(nspowner) FROM pg_catalog.pg_namespace WHERE nspname = '{views}');
BEGIN
  IF owner IS NULL THEN
    CREATE SCHEMA {views};
  ELSIF owner <> current_user THEN
    RAISE EXCEPTION 'schema "{views}" is owned by "%", not by "%"', owner, current_user
      USING ERRCODE = 'insufficient_privilege',
            HINT = 'Find out who made it; once it is dropped or given to the owner of the log, try again.';
  END IF;
END
$views$;
REVOKE ALL ON SCHEMA {views} FROM PUBLIC, {roles} CASCADE;
GRANT USAGE ON SCHEMA {views} TO {roles};
