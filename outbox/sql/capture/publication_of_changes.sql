-- Which operations publication $1 has; no row: there is none.
SELECT p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate FROM pg_catalog.pg_publication p WHERE p.pubname = $1::text
