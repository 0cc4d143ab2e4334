INSERT INTO {schema}.relay_decisions (relay, log, position, message_id, action, reason)
SELECT $1::text, $2::text, $3::bigint, $4::uuid, 'skip', $5::text
 WHERE NOT EXISTS (SELECT FROM {schema}.relay_decisions d
                    WHERE d.relay = $1::text AND d.log = $2::text AND d.position = $3::bigint
                      AND d.message_id = $4::uuid AND d.action = 'skip')
