-- What visitors said, what they were answered, and the leads they became.

CREATE TABLE conversations (
    id               TEXT    NOT NULL PRIMARY KEY,
    account          TEXT    NOT NULL REFERENCES accounts (id),
    agent            TEXT    NOT NULL REFERENCES agents (id),
    visitor          TEXT    NOT NULL,
    page_url         TEXT,
    referrer         TEXT,
    user_agent       TEXT,
    lead             TEXT,
    messages_count   INTEGER NOT NULL DEFAULT 0,
    started_at       INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL,
    ended_at         INTEGER
) STRICT;
CREATE INDEX conversations_by_account ON conversations (account, started_at DESC, id DESC);
CREATE INDEX conversations_by_agent ON conversations (account, agent, started_at DESC, id DESC);
CREATE INDEX conversations_by_visitor ON conversations (account, agent, visitor, started_at DESC, id DESC);
CREATE INDEX conversations_of_visitor ON conversations (account, visitor, id);
CREATE INDEX conversations_idle ON conversations (last_activity_at) WHERE ended_at IS NULL;

-- Clustered by conversation, so that a transcript is one range of the file.
CREATE TABLE messages (
    conversation TEXT    NOT NULL REFERENCES conversations (id),
    seq          INTEGER NOT NULL,
    id           TEXT    NOT NULL,
    account      TEXT    NOT NULL REFERENCES accounts (id),
    role         TEXT    NOT NULL CHECK (role IN ('user', 'assistant')),
    author       TEXT    NOT NULL CHECK (author IN ('visitor', 'agent', 'operator')),
    content      TEXT    NOT NULL,
    -- The widget's own name for a visitor's message: the same one again is a retry.
    client_id    TEXT,
    sources      TEXT    NOT NULL DEFAULT '[]',
    answered     INTEGER NOT NULL DEFAULT 1 CHECK (answered IN (0, 1)),
    trace        TEXT,
    response_ms  INTEGER,
    feedback     INTEGER CHECK (feedback IN (-1, 1)),
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX messages_by_id ON messages (id);
CREATE UNIQUE INDEX messages_by_client_id ON messages (conversation, client_id) WHERE client_id IS NOT NULL;

-- How many answers of a month took how many milliseconds: averages and percentiles without looking at messages.
CREATE TABLE response_times (
    account     TEXT    NOT NULL REFERENCES accounts (id),
    month       TEXT    NOT NULL,
    response_ms INTEGER NOT NULL,
    responses   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, month, response_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE leads (
    id           TEXT    NOT NULL PRIMARY KEY,
    account      TEXT    NOT NULL REFERENCES accounts (id),
    agent        TEXT    NOT NULL REFERENCES agents (id),
    conversation TEXT    UNIQUE REFERENCES conversations (id),
    visitor      TEXT    NOT NULL,
    name         TEXT,
    email        TEXT,
    phone        TEXT,
    company      TEXT,
    message      TEXT,
    page_url     TEXT,
    status       TEXT    NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'contacted', 'won', 'lost')),
    captured_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX leads_by_account ON leads (account, captured_at DESC, id DESC);
CREATE INDEX leads_by_agent ON leads (account, agent, captured_at DESC, id DESC);
CREATE INDEX leads_of_visitor ON leads (account, visitor);
CREATE INDEX leads_by_visitor ON leads (account, agent, visitor, captured_at DESC);
