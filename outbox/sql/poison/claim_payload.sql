SELECT {schema}.claim_payload($1::text)
