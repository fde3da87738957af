-- What was asked of the API, and who changed what.

CREATE TABLE api_requests (
    id          INTEGER PRIMARY KEY,
    account     TEXT    NOT NULL REFERENCES accounts (id),
    api_key     TEXT    NOT NULL,
    method      TEXT    NOT NULL,
    path        TEXT    NOT NULL,
    status      INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    address     TEXT    NOT NULL,
    request_id  TEXT    NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX api_requests_by_account ON api_requests (account, created_at DESC, id DESC);
CREATE INDEX api_requests_by_age ON api_requests (created_at);

-- Kept for a day: the same key again gets the same answer.
CREATE TABLE idempotency_keys (
    account     TEXT    NOT NULL REFERENCES accounts (id),
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    status      INTEGER NOT NULL,
    location    TEXT,
    -- Sealed under the master key.
    body        BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE audit_log (
    id         INTEGER PRIMARY KEY,
    account    TEXT    NOT NULL REFERENCES accounts (id),
    actor      TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    target     TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_log_by_account ON audit_log (account, created_at DESC, id DESC);
