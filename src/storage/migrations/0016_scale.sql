-- What lists are narrowed by has an index of its own, so that no page looks through a year of rows; and for how long
-- an account keeps what.

CREATE INDEX events_by_type ON events (account, type, created_at DESC, id DESC);

-- Few deliveries ever stand like this. Those that wait or are under way are found by the dispatcher's indexes.
CREATE INDEX deliveries_exhausted ON deliveries (account, webhook, created_at DESC, id DESC) WHERE state = 'exhausted';
CREATE INDEX deliveries_canceled ON deliveries (account, webhook, created_at DESC, id DESC) WHERE state = 'canceled';

CREATE INDEX api_requests_by_key ON api_requests (account, api_key, created_at DESC, id DESC);
CREATE INDEX api_requests_refused ON api_requests (account, created_at DESC, id DESC) WHERE status >= 400;

-- Kept by the transactions that change messages.
ALTER TABLE conversations ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0 CHECK (unanswered IN (0, 1));
ALTER TABLE conversations ADD COLUMN disliked INTEGER NOT NULL DEFAULT 0 CHECK (disliked IN (0, 1));
UPDATE conversations SET unanswered = 1 WHERE id IN (SELECT conversation FROM messages WHERE answered = 0);
UPDATE conversations SET disliked = 1 WHERE id IN (SELECT conversation FROM messages WHERE feedback = -1);
CREATE INDEX conversations_unanswered ON conversations (account, started_at DESC, id DESC) WHERE unanswered = 1;
CREATE INDEX conversations_disliked ON conversations (account, started_at DESC, id DESC) WHERE disliked = 1;
DROP INDEX messages_unanswered;
DROP INDEX messages_disliked;

-- What an account chose; nothing is the configuration's default, and 0 is for ever.
CREATE TABLE retention (
    account            TEXT    NOT NULL PRIMARY KEY REFERENCES accounts (id),
    conversations_days INTEGER CHECK (0 <= conversations_days),
    events_days        INTEGER CHECK (1 <= events_days),
    requests_days      INTEGER CHECK (1 <= requests_days),
    -- Leads outlive their conversations unless this is chosen.
    leads_too          INTEGER NOT NULL DEFAULT 0 CHECK (leads_too IN (0, 1))
) STRICT, WITHOUT ROWID;
