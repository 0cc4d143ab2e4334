-- Of the last $1 events those with a time that no reader can represent: position, column.
SELECT e.position, CASE WHEN e.recorded_at::timestamptz >= '0001-01-01 00:00:00+00'
                         AND e.recorded_at::timestamptz < '10000-01-01 00:00:00+00'
                        THEN 'occurred_at' ELSE 'recorded_at' END
  FROM (SELECT position, recorded_at, occurred_at FROM {schema}.events ORDER BY position DESC LIMIT $1::bigint) e
 WHERE NOT (e.recorded_at::timestamptz >= '0001-01-01 00:00:00+00'
            AND e.recorded_at::timestamptz < '10000-01-01 00:00:00+00'
            AND coalesce(e.occurred_at::timestamptz >= '0001-01-01 00:00:00+00'
                         AND e.occurred_at::timestamptz < '10000-01-01 00:00:00+00', true))
 ORDER BY e.position
 LIMIT 100
