-- Anything that the server answers renews the lease.
SELECT true
