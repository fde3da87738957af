-- The outbox: events in the bytes that are sent, and their way to each webhook.

CREATE TABLE events (
    id         TEXT    NOT NULL PRIMARY KEY,
    account    TEXT    NOT NULL REFERENCES accounts (id),
    agent      TEXT    REFERENCES agents (id),
    type       TEXT    NOT NULL,
    -- The visitor that the payload tells of, so that it can be erased with everything else.
    visitor    TEXT,
    payload    BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX events_by_visitor ON events (account, visitor) WHERE visitor IS NOT NULL;
CREATE INDEX events_by_age ON events (created_at);
CREATE INDEX events_by_account ON events (account, created_at DESC, id DESC);

CREATE TABLE webhooks (
    id                TEXT    NOT NULL PRIMARY KEY,
    account           TEXT    NOT NULL REFERENCES accounts (id),
    agent             TEXT    REFERENCES agents (id),
    url               TEXT    NOT NULL,
    -- Comma-separated, in the order of the documentation, so that equal sets are equal texts.
    events            TEXT    NOT NULL,
    status            TEXT    NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    disabled_reason   TEXT,
    -- Sealed under the master key.
    secret            BLOB    NOT NULL,
    -- A rotation under way: until flip_at both secrets sign, then the next one alone.
    next_secret       BLOB,
    flip_at           INTEGER,
    created_at        INTEGER NOT NULL,
    last_triggered_at INTEGER,
    -- When the first of its pending deliveries is due: the dispatcher looks at one row a webhook, whatever waits behind it.
    next_due_at       INTEGER,
    failing_since     INTEGER
) STRICT;
CREATE INDEX webhooks_by_account ON webhooks (account, created_at DESC, id DESC);
CREATE UNIQUE INDEX webhooks_once ON webhooks (account, url, coalesce(agent, ''), events);
CREATE INDEX webhooks_rotating ON webhooks (flip_at) WHERE flip_at IS NOT NULL;
CREATE INDEX webhooks_due ON webhooks (next_due_at) WHERE status = 'active' AND next_due_at IS NOT NULL;

CREATE TABLE deliveries (
    id              TEXT    NOT NULL PRIMARY KEY,
    account         TEXT    NOT NULL REFERENCES accounts (id),
    event           TEXT    NOT NULL REFERENCES events (id),
    webhook         TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('pending', 'inflight', 'delivered', 'exhausted', 'canceled')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    interrupts      INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER,
    -- A claim ends at lease_until; lease keeps a late worker from writing over its successor.
    lease           INTEGER,
    lease_until     INTEGER,
    last_status     INTEGER,
    last_error      TEXT,
    -- Sent again by hand: the state to return to if that try fails, for it schedules no other.
    resent_from     TEXT    CHECK (resent_from IN ('delivered', 'exhausted', 'canceled')),
    created_at      INTEGER NOT NULL,
    finished_at     INTEGER,
    UNIQUE (event, webhook)
) STRICT;
CREATE INDEX deliveries_pending ON deliveries (webhook, next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX deliveries_inflight ON deliveries (webhook, lease_until) WHERE state = 'inflight';
CREATE INDEX deliveries_inflight_of_account ON deliveries (account) WHERE state = 'inflight';
CREATE INDEX deliveries_by_age ON deliveries (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX deliveries_by_webhook ON deliveries (account, webhook, created_at DESC, id DESC);
CREATE INDEX deliveries_finished ON deliveries (account, webhook, finished_at, state) WHERE finished_at IS NOT NULL;

CREATE TABLE delivery_attempts (
    delivery         TEXT    NOT NULL REFERENCES deliveries (id),
    number           INTEGER NOT NULL,
    account          TEXT    NOT NULL REFERENCES accounts (id),
    started_at       INTEGER NOT NULL,
    duration_ms      INTEGER NOT NULL,
    status           INTEGER,
    error            TEXT,
    response_headers TEXT    NOT NULL,
    response_body    TEXT    NOT NULL,
    PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_attempts_by_age ON delivery_attempts (started_at);
