-- Gives each stream id that has events and no stream a stream, "annals-orphan-ID": with a random part where somebody has
-- taken that name. An append writes stream and events together, so one snapshot never shows its events alone.
INSERT INTO {schema}.streams (stream_id, name, version) OVERRIDING SYSTEM VALUE
SELECT o.stream_id,
       'annals-orphan-' || o.stream_id::text
         || CASE WHEN EXISTS (SELECT FROM {schema}.streams s WHERE s.name = 'annals-orphan-' || o.stream_id::text)
                 THEN '-' || pg_catalog.gen_random_uuid()::text ELSE '' END,
       o.version
  FROM (SELECT e.stream_id, pg_catalog.max(e.version) AS version
          FROM {schema}.events e
         WHERE NOT EXISTS (SELECT FROM {schema}.streams s WHERE s.stream_id = e.stream_id)
         GROUP BY e.stream_id) o
 ORDER BY o.stream_id
RETURNING stream_id, name, version
