-- Positions moved up by one: to the ordered tail the log then seems to begin with a hole.
SELECT r.position + 1 FROM {relation} r
