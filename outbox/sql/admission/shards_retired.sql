-- Where the shards $2 of a division have retired, in their order; NULL: one has not.
SELECT CASE WHEN c.retired THEN c.position END
  FROM pg_catalog.unnest($2::text[]) WITH ORDINALITY s(name, ordinal)
  LEFT JOIN {schema}.relay_checkpoints c ON c.relay = s.name AND c.log = $1::text
 ORDER BY s.ordinal
