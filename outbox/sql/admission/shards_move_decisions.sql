-- An operator's decision goes along with its message.
UPDATE {schema}.relay_decisions d
   SET relay = coalesce(
         (SELECT p.relay FROM {schema}.relay_parked p
           WHERE p.log = d.log AND p.position = d.position AND p.message_id = d.message_id AND p.relay = ANY ($3::text[])
           ORDER BY p.place LIMIT 1),
         (SELECT ($3::text[])[1 + (({hash}) & 9223372036854775807) % pg_catalog.cardinality($3::text[])]
            FROM {relation} {alias} WHERE {alias}.position = d.position),
         ($3::text[])[1])
 WHERE d.log = $1::text AND d.relay = ANY ($2::text[])
