-- What was set aside goes to the shard that its key belongs to now. A row that retention has removed is known by its key.
UPDATE {schema}.relay_parked p
   SET relay = ($3::text[])[1 + h.hash % pg_catalog.cardinality($3::text[])]
  FROM (SELECT m.place,
               coalesce((SELECT {hash} FROM {relation} {alias} WHERE {alias}.position = m.position),
                        pg_catalog.hashtextextended(m.key, 0), pg_catalog.hashint8extended(m.position, 0))
               & 9223372036854775807 AS hash
          FROM {schema}.relay_parked m WHERE m.log = $1::text AND m.relay = ANY ($2::text[])) h
 WHERE p.place = h.place
