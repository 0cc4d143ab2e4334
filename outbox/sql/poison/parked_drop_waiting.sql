-- What merely waited leaves no trace: it was published, where and when its turn came; or somebody's decision says that it was not.
DELETE FROM {schema}.relay_parked WHERE place = ANY ($1::bigint[]) AND reason = ''
