-- Never waits. Who gets it is ended by the server when it says nothing for as long as the lease (version 14 and later);
-- both in one statement, so that nobody owns without a lease.
WITH taken AS MATERIALIZED (SELECT pg_catalog.pg_try_advisory_lock(CAST('{key}' AS bigint)) AS held)
SELECT taken.held,
       CASE WHEN taken.held AND pg_catalog.current_setting('idle_session_timeout', true) IS NOT NULL
            THEN pg_catalog.set_config('idle_session_timeout', '{lease_ms}', false) END
  FROM taken
