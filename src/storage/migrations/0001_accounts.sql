-- Accounts, the people who sign in, and the keys that programs use.

CREATE TABLE accounts (
    id              TEXT    NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL,
    email           TEXT    NOT NULL,
    plan            TEXT    NOT NULL,
    stripe_customer TEXT    UNIQUE,
    created_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id            TEXT    NOT NULL PRIMARY KEY,
    account       TEXT    NOT NULL REFERENCES accounts (id),
    email         TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX users_by_account ON users (account, created_at);

-- The cookie's token is kept as its SHA-256 only.
CREATE TABLE sessions (
    token_hash BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    account    TEXT    NOT NULL REFERENCES accounts (id),
    user       TEXT    NOT NULL REFERENCES users (id),
    csrf       TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (account, user, created_at);
CREATE INDEX sessions_by_age ON sessions (created_at);

CREATE TABLE api_keys (
    id           TEXT    NOT NULL PRIMARY KEY,
    account      TEXT    NOT NULL REFERENCES accounts (id),
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    prefix       TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    permissions  TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;
CREATE INDEX api_keys_by_account ON api_keys (account, created_at DESC, id DESC);

CREATE TABLE payments (
    id           TEXT    NOT NULL PRIMARY KEY,
    account      TEXT    NOT NULL REFERENCES accounts (id),
    invoice      TEXT    NOT NULL UNIQUE,
    amount_cents INTEGER NOT NULL,
    currency     TEXT    NOT NULL,
    plan         TEXT    NOT NULL,
    period_start INTEGER NOT NULL,
    period_end   INTEGER NOT NULL,
    invoice_url  TEXT,
    paid_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX payments_by_account ON payments (account, paid_at DESC, id DESC);

-- Each of the payment provider's events takes effect once.
CREATE TABLE stripe_events (
    id          TEXT    NOT NULL PRIMARY KEY,
    received_at INTEGER NOT NULL
) STRICT;
