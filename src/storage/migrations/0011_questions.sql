-- What visitors asked and the knowledge did not hold, and questions that an owner asks again after every change.

-- Alike questions are one row.
CREATE TABLE unanswered_questions (
    agent          TEXT    NOT NULL REFERENCES agents (id),
    subject        TEXT    NOT NULL,
    account        TEXT    NOT NULL REFERENCES accounts (id),
    -- As it was asked last, and where.
    text           TEXT    NOT NULL,
    zone           TEXT    NOT NULL CHECK (zone IN ('tentative', 'unknown')),
    conversation   TEXT    NOT NULL REFERENCES conversations (id),
    asked_count    INTEGER NOT NULL DEFAULT 1,
    first_asked_at INTEGER NOT NULL,
    last_asked_at  INTEGER NOT NULL,
    PRIMARY KEY (agent, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX unanswered_questions_by_count ON unanswered_questions (account, agent, asked_count DESC, last_asked_at DESC);
CREATE INDEX unanswered_questions_by_time ON unanswered_questions (agent, last_asked_at DESC);
CREATE INDEX unanswered_questions_of_conversation ON unanswered_questions (conversation);

CREATE TABLE saved_questions (
    id       TEXT    NOT NULL PRIMARY KEY,
    account  TEXT    NOT NULL REFERENCES accounts (id),
    agent    TEXT    NOT NULL REFERENCES agents (id),
    text     TEXT    NOT NULL,
    -- What was answered when it was saved, or when its answer was accepted last.
    zone     TEXT    NOT NULL,
    answer   TEXT    NOT NULL,
    saved_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX saved_questions_by_text ON saved_questions (account, agent, text);
