-- An answer is kept for the API key that asked: another key of the account may not be allowed to see it. Answers that were
-- kept without one belong to no key any more; they would have been forgotten within a day.
DROP TABLE idempotency_keys;
CREATE TABLE idempotency_keys (
    account     TEXT    NOT NULL REFERENCES accounts (id),
    api_key     TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    status      INTEGER NOT NULL,
    location    TEXT,
    -- Sealed under the master key.
    body        BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (account, api_key, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
