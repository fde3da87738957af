-- Agents, what they know, and where they were seen.

CREATE TABLE agents (
    id                  TEXT    NOT NULL PRIMARY KEY,
    account             TEXT    NOT NULL REFERENCES accounts (id),
    name                TEXT    NOT NULL,
    greeting            TEXT    NOT NULL,
    color               TEXT    NOT NULL,
    allowed_domains     TEXT    NOT NULL DEFAULT '[]',
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    deactivated_at      INTEGER,
    -- Counted in the transactions that change them, so that no list has to count rows.
    conversations_count INTEGER NOT NULL DEFAULT 0,
    leads_count         INTEGER NOT NULL DEFAULT 0,
    knowledge_entries   INTEGER NOT NULL DEFAULT 0,
    knowledge_bytes     INTEGER NOT NULL DEFAULT 0,
    knowledge_version   INTEGER NOT NULL DEFAULT 0,
    responses_count     INTEGER NOT NULL DEFAULT 0,
    responses_ms        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX agents_by_account ON agents (account, created_at DESC, id DESC);
CREATE INDEX agents_active ON agents (account) WHERE deactivated_at IS NULL;

CREATE TABLE knowledge (
    id         TEXT    NOT NULL PRIMARY KEY,
    account    TEXT    NOT NULL REFERENCES accounts (id),
    agent      TEXT    NOT NULL REFERENCES agents (id),
    type       TEXT    NOT NULL CHECK (type IN ('text', 'faq', 'product', 'markdown')),
    content    TEXT    NOT NULL,
    size_bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX knowledge_by_agent ON knowledge (account, agent, created_at, id);

-- A domain on which an agent's embed code was loaded.
CREATE TABLE installations (
    account       TEXT    NOT NULL REFERENCES accounts (id),
    agent         TEXT    NOT NULL REFERENCES agents (id),
    domain        TEXT    NOT NULL,
    page_url      TEXT    NOT NULL,
    first_seen_at INTEGER NOT NULL,
    PRIMARY KEY (account, agent, domain)
) STRICT, WITHOUT ROWID;
CREATE INDEX installations_by_time ON installations (account, agent, first_seen_at);

-- Conversations counted against the plan, by agent and calendar month in UTC.
CREATE TABLE usage (
    account          TEXT    NOT NULL REFERENCES accounts (id),
    agent            TEXT    NOT NULL REFERENCES agents (id),
    month            TEXT    NOT NULL,
    conversations    INTEGER NOT NULL DEFAULT 0,
    limit_reached_at INTEGER,
    PRIMARY KEY (account, month, agent)
) STRICT, WITHOUT ROWID;

-- Conversations by the page they began on, without query string and fragment.
CREATE TABLE page_usage (
    account       TEXT    NOT NULL REFERENCES accounts (id),
    month         TEXT    NOT NULL,
    page          TEXT    NOT NULL,
    conversations INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, month, page)
) STRICT, WITHOUT ROWID;
CREATE INDEX page_usage_top ON page_usage (account, month, conversations DESC, page);
