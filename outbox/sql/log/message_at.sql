SELECT r.{id} FROM {relation} r WHERE r.position = $1::bigint
