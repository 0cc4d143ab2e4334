-- The timeline that this server writes now; pg_control_checkpoint() alone still names the one before, from a promotion to
-- the next checkpoint. A standby writes none: the newest that it has replayed or received. All of it is open to every role.
SELECT (SELECT s.system_identifier FROM pg_catalog.pg_control_system() s)::text,
       (CASE WHEN pg_catalog.pg_is_in_recovery()
             THEN greatest((SELECT c.timeline_id FROM pg_catalog.pg_control_checkpoint() c),
                           (SELECT r.min_recovery_end_timeline FROM pg_catalog.pg_control_recovery() r),
                           (SELECT w.received_tli FROM pg_catalog.pg_stat_get_wal_receiver() w))
             ELSE ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))
                  ::bit(32)::int END)::text
