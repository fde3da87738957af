-- What passages of knowledge mean: one vector for each text, found by the text's hash, so that only what changes is encoded again.

CREATE TABLE vectors (
    agent     TEXT NOT NULL REFERENCES agents (id),
    text_hash BLOB NOT NULL,
    account   TEXT NOT NULL REFERENCES accounts (id),
    vector    BLOB NOT NULL,
    PRIMARY KEY (agent, text_hash)
) STRICT, WITHOUT ROWID;

-- The version of the knowledge whose every passage has its vector.
ALTER TABLE agents ADD COLUMN vectors_version INTEGER NOT NULL DEFAULT 0;
CREATE INDEX agents_unencoded ON agents (id) WHERE vectors_version < knowledge_version;

-- The encoder that made the vectors: those of another one mean nothing to it.
CREATE TABLE encoder (
    name TEXT NOT NULL PRIMARY KEY
) STRICT;
