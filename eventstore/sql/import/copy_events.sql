-- Events of streams whose heads have been moved, in the order given: positions are drawn in that order.
COPY {schema}.events (stream_id, version, {names}) FROM STDIN (FORMAT binary)
