-- The last value given out. pg_sequence_last_value() does not tell it from a sequence that was restarted and not used since.
SELECT q.last_value - CASE WHEN q.is_called THEN 0 ELSE 1 END FROM {sequence} q
