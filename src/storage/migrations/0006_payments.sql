-- What the payment provider tells of subscriptions, and what it told of customers whom no account is linked to yet.

CREATE TABLE stripe_subscriptions (
    id         TEXT    NOT NULL PRIMARY KEY,
    account    TEXT    NOT NULL REFERENCES accounts (id),
    customer   TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('open', 'live', 'ended')),
    -- Nothing where the configuration did not know the price.
    plan       TEXT,
    started_at INTEGER NOT NULL,
    -- The event that told of this state: its time, and its place among those of the same second.
    changed_at INTEGER NOT NULL,
    change     INTEGER NOT NULL
) STRICT;
CREATE INDEX stripe_subscriptions_live ON stripe_subscriptions (account, started_at, id) WHERE state = 'live';
CREATE INDEX stripe_subscriptions_by_customer ON stripe_subscriptions (customer);

-- Only what matters is kept: no name, no address. The number grows, so that those beyond the newest are found at once.
CREATE TABLE stripe_unclaimed (
    number      INTEGER NOT NULL PRIMARY KEY,
    event       TEXT    NOT NULL UNIQUE,
    customer    TEXT    NOT NULL,
    payload     TEXT    NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;
CREATE INDEX stripe_unclaimed_by_customer ON stripe_unclaimed (customer, number);
CREATE INDEX stripe_unclaimed_by_age ON stripe_unclaimed (received_at);

CREATE INDEX stripe_events_by_age ON stripe_events (received_at);
