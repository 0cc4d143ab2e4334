-- Of all rows, whoever's they are. What reads a range adds WHERE and ORDER BY.
SELECT {position} FROM {relation} {alias}
