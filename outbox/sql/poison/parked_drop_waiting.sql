-- What merely waited and was published leaves no trace.
DELETE FROM {schema}.relay_parked WHERE place = ANY ($1::bigint[]) AND reason = ''
