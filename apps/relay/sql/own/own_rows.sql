(SELECT m.position,
        CASE WHEN m.id::text ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$' THEN m.id::text::uuid
             ELSE pg_catalog.md5(pg_catalog.concat({name}, ' ', coalesce(m.id::text, m.position::text)))::uuid END AS message_id,
        CASE WHEN pg_catalog.octet_length(m.topic::text) BETWEEN 1 AND 249 THEN m.topic::text
             ELSE pg_catalog.concat('(', pg_catalog.left(m.topic::text, 60), ')') END AS topic,
        m.key::text AS key, coalesce(m.type::text, '') AS type,
        CASE WHEN pg_catalog.pg_typeof(m.payload) IN ('json'::regtype, 'jsonb'::regtype) THEN 1
             ELSE {content_type} END::smallint AS content_type,
        coalesce(CASE WHEN pg_catalog.pg_typeof(m.payload) = 'bytea'::regtype THEN m.payload::text::bytea
                      ELSE pg_catalog.convert_to(m.payload::text, 'UTF8') END, ''::bytea) AS payload,
        CASE WHEN pg_catalog.pg_typeof(m.time) IN ('bigint'::regtype, 'integer'::regtype)
             THEN CASE WHEN m.time::text::bigint BETWEEN -62104060800000 AND 253402300799999
                       THEN pg_catalog.to_timestamp(m.time::text::double precision / 1000) END
             WHEN pg_catalog.pg_typeof(m.time) IN ('timestamptz'::regtype, 'timestamp'::regtype)
              AND pg_catalog.to_json(m.time) #>> '{}' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+([+-][0-9:]+)?$'
              AND pg_catalog.to_json(m.time) #>> '{}' >= '0002'
             THEN (pg_catalog.to_json(m.time) #>> '{}'
                   || CASE WHEN pg_catalog.pg_typeof(m.time) = 'timestamp'::regtype THEN 'Z' ELSE '' END)::timestamptz
        END AS recorded_at,
        m.traceparent::text AS traceparent, m.tracestate::text AS tracestate,
        CASE WHEN pg_catalog.pg_typeof(m.headers) IN ('json'::regtype, 'jsonb'::regtype)
             THEN (SELECT pg_catalog.array_agg(part.text ORDER BY pair.key, part.number)
                     FROM (SELECT DISTINCT ON (e.key) e.key, e.value
                             FROM pg_catalog.json_each_text(
                                    CASE WHEN pg_catalog.json_typeof(m.headers::text::json) = 'object'
                                          AND (pg_catalog.strpos(m.headers::text, E'\\u') = 0 OR m.headers::text ~
                                               E'^([^\\\\]|\\\\[^u]|\\\\u([1-9a-cefA-CEF][0-9a-fA-F]{3}|0[1-9a-fA-F][0-9a-fA-F]{2}|00[1-9a-fA-F][0-9a-fA-F]|000[1-9a-fA-F]|[dD][0-7][0-9a-fA-F]{2}|[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}))*$')
                                         THEN m.headers::text::json ELSE '{}' END) WITH ORDINALITY AS e (key, value, n)
                            ORDER BY e.key, e.n DESC) AS pair,
                          LATERAL (VALUES (1, pair.key), (2, pair.value)) AS part (number, text)
                    WHERE pair.value IS NOT NULL AND pair.key !~* '^(ce_.*|content-type|traceparent|tracestate|)$')
             WHEN pg_catalog.pg_typeof(m.headers) IN ('text[]'::regtype, 'varchar[]'::regtype)
             THEN (SELECT CASE WHEN pg_catalog.cardinality(flat.headers) % 2 = 0 AND pg_catalog.array_ndims(flat.headers) = 1
                                AND pg_catalog.array_position(flat.headers, NULL) IS NULL THEN flat.headers END
                     FROM (SELECT m.headers::text::text[]) AS flat (headers))
        END AS headers
   FROM (SELECT {position} AS position, CASE WHEN true THEN ({id}) END AS id, CASE WHEN true THEN ({topic}) END AS topic,
                CASE WHEN true THEN ({key}) END AS key, CASE WHEN true THEN ({type}) END AS type,
                CASE WHEN true THEN ({payload}) END AS payload, CASE WHEN true THEN ({time}) END AS time,
                CASE WHEN true THEN ({traceparent}) END AS traceparent,
                CASE WHEN true THEN ({tracestate}) END AS tracestate, CASE WHEN true THEN ({headers}) END AS headers
           FROM {table}) AS m)
