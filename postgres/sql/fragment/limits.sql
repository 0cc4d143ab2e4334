-- What an event and a message have in common, as domains of their own: either module may be applied alone. Part of the steps
-- that include it, and so as little to be changed as they are.
CREATE DOMAIN {schema}.{kind}_id AS uuid CHECK (VALUE <> '00000000-0000-0000-0000-000000000000');
CREATE DOMAIN {schema}.{kind}_type AS text COLLATE "C" CHECK (pg_catalog.octet_length(VALUE) BETWEEN 1 AND 256);
CREATE DOMAIN {schema}.{kind}_content_type AS smallint CHECK (VALUE BETWEEN 0 AND 2);  -- 0 bytes, 1 JSON, 2 Protobuf
CREATE DOMAIN {schema}.{kind}_metadata AS text CHECK (pg_catalog.octet_length(VALUE) BETWEEN 1 AND 1024);
-- The years that RFC 3339 can write; infinity is none of them.
CREATE DOMAIN {schema}.{kind}_time AS timestamptz
  CHECK (VALUE >= '0001-01-01 00:00:00+00' AND VALUE < '10000-01-01 00:00:00+00');

-- Whether each name has 1 to 128 bytes and is none that whoever publishes writes itself, and each value at most 8192 bytes.
-- Operators are named with their schema, for a function with a search_path of its own costs twice as much.
CREATE FUNCTION {schema}.{kind}_headers_allowed(headers text[]) RETURNS boolean
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $body$
BEGIN
  FOR i IN 1 .. pg_catalog.cardinality(headers) BY 2 LOOP
    IF pg_catalog.octet_length(headers[i]) OPERATOR(pg_catalog.<) 1
       OR pg_catalog.octet_length(headers[i]) OPERATOR(pg_catalog.>) 128
       OR pg_catalog.octet_length(headers[i OPERATOR(pg_catalog.+) 1]) OPERATOR(pg_catalog.>) 8192
       OR headers[i] COLLATE pg_catalog."C"
          OPERATOR(pg_catalog.~*) '^(ce_.*|content-type|traceparent|tracestate|annals-claim)$' THEN
      RETURN false;
    END IF;
  END LOOP;
  RETURN true;
END
$body$;
-- name, value, name, value ...: one dimension that begins at 1, nothing NULL. The shape is asked first: CASE, for AND
-- promises no order.
CREATE DOMAIN {schema}.{kind}_headers AS text[]
  CHECK (CASE WHEN pg_catalog.cardinality(VALUE) = 0 THEN true
              WHEN pg_catalog.array_ndims(VALUE) <> 1 OR pg_catalog.array_lower(VALUE, 1) <> 1
                OR pg_catalog.cardinality(VALUE) > 128 OR pg_catalog.cardinality(VALUE) % 2 <> 0
                OR pg_catalog.array_position(VALUE, NULL) IS NOT NULL THEN false
              ELSE {schema}.{kind}_headers_allowed(VALUE) END);
