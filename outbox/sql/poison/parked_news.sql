-- Whether anything waits at all, and the last decision.
SELECT EXISTS (SELECT FROM {schema}.relay_parked p WHERE p.relay = $1::text AND p.log = $2::text AND p.done_at IS NULL),
       coalesce((SELECT max(d.decision) FROM {schema}.relay_decisions d WHERE d.relay = $1::text AND d.log = $2::text), 0)
