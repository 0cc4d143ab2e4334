-- The claim of a message: the one that was made when it was about to be published before, unless that goes too soon; else a new one.
WITH wanted AS (SELECT pg_catalog.sha256($4::bytea) AS sha256),
     made AS (SELECT c.position, c.sha256
                FROM {schema}.claims c, {schema}.claims_retention r, wanted w
               WHERE c.message_id = $3::uuid AND c.log = $1::text AND c.message_position = $2::bigint AND c.sha256 = w.sha256
                 AND (r.retain IS NULL OR c.recorded_at > clock_timestamp() - r.retain / 8)
               ORDER BY c.position DESC LIMIT 1),
     new AS (INSERT INTO {schema}.claims (log, message_position, message_id, sha256, payload)
             SELECT $1::text, $2::bigint, $3::uuid, w.sha256, $4::bytea FROM wanted w WHERE NOT EXISTS (SELECT FROM made)
             RETURNING position, sha256)
SELECT position, pg_catalog.encode(sha256, 'hex'), pg_catalog.current_database()::text FROM made
UNION ALL
SELECT position, pg_catalog.encode(sha256, 'hex'), pg_catalog.current_database()::text FROM new
