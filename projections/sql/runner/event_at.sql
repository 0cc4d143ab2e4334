SELECT {id} FROM {relation} WHERE position = $1::bigint
