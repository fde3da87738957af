-- A delivery is written three times in its life, so it is cheap to find and stands in few places: its row has a number,
-- by which its tries are kept beside those of the same hour, and how it ended is counted instead of looked up.

CREATE TABLE webhook_days (
    account   TEXT    NOT NULL REFERENCES accounts (id),
    webhook   TEXT    NOT NULL,
    -- When it began, in UTC.
    day       INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    -- Delivered or exhausted.
    ended     INTEGER NOT NULL,
    PRIMARY KEY (account, webhook, day)
) STRICT, WITHOUT ROWID;

INSERT INTO webhook_days
SELECT account, webhook, finished_at / 86400000 * 86400000 AS day, sum(state = 'delivered'), count(*)
FROM deliveries
WHERE finished_at IS NOT NULL AND state IN ('delivered', 'exhausted') AND webhook IN (SELECT id FROM webhooks)
GROUP BY account, webhook, day;

CREATE TABLE numbered_deliveries (
    -- In the order in which they were made.
    seq             INTEGER PRIMARY KEY,
    id              TEXT    NOT NULL UNIQUE,
    account         TEXT    NOT NULL REFERENCES accounts (id),
    event           TEXT    NOT NULL REFERENCES events (id),
    webhook         TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('pending', 'inflight', 'delivered', 'exhausted', 'canceled')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    retried         INTEGER GENERATED ALWAYS AS (CASE WHEN attempts = 0 THEN 0 ELSE 1 END) VIRTUAL,
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

INSERT INTO numbered_deliveries (seq, id, account, event, webhook, state, attempts, interrupts, next_attempt_at, lease,
    lease_until, last_status, last_error, resent_from, created_at, finished_at)
SELECT rowid, id, account, event, webhook, state, attempts, interrupts, next_attempt_at, lease,
    lease_until, last_status, last_error, resent_from, created_at, finished_at
FROM deliveries
ORDER BY rowid;

CREATE TABLE numbered_attempts (
    delivery         INTEGER NOT NULL REFERENCES numbered_deliveries (seq),
    number           INTEGER NOT NULL,
    account          TEXT    NOT NULL,
    started_at       INTEGER NOT NULL,
    duration_ms      INTEGER NOT NULL,
    status           INTEGER,
    error            TEXT,
    response_headers TEXT    NOT NULL,
    response_body    TEXT    NOT NULL,
    PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;

INSERT INTO numbered_attempts
SELECT d.seq, a.number, a.account, a.started_at, a.duration_ms, a.status, a.error, a.response_headers, a.response_body
FROM numbered_deliveries d
CROSS JOIN delivery_attempts a
WHERE a.delivery = d.id
ORDER BY d.seq, a.number;

DROP TABLE delivery_attempts;
DROP TABLE deliveries;
ALTER TABLE numbered_deliveries RENAME TO deliveries;
ALTER TABLE numbered_attempts RENAME TO delivery_attempts;

CREATE INDEX deliveries_by_webhook ON deliveries (account, webhook, created_at DESC, id DESC);
CREATE INDEX deliveries_pending ON deliveries (webhook, retried, next_attempt_at) WHERE state = 'pending';
CREATE INDEX deliveries_inflight ON deliveries (lease_until, account, webhook) WHERE state = 'inflight';
CREATE INDEX deliveries_exhausted ON deliveries (account, webhook, created_at DESC, id DESC) WHERE state = 'exhausted';
CREATE INDEX deliveries_canceled ON deliveries (account, webhook, created_at DESC, id DESC) WHERE state = 'canceled';
