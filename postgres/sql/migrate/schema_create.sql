-- Never IF NOT EXISTS: a schema that somebody else made first is not to be taken over unseen.
CREATE SCHEMA {schema};
