-- Which operations publication $1 has, and whether a row of a partition is told as one of the whole table; no row: there is no such publication.
SELECT p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot FROM pg_catalog.pg_publication p WHERE p.pubname = $1::text
