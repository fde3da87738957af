-- How an agent answers, and what models have written for it.

-- A JSON object; what it leaves out has its default.
ALTER TABLE agents ADD COLUMN answering TEXT NOT NULL DEFAULT '{}';

-- By agent and day in UTC, counted with the answers, so that a budget is judged by a few rows.
CREATE TABLE model_use (
    account       TEXT    NOT NULL REFERENCES accounts (id),
    day           INTEGER NOT NULL,
    agent         TEXT    NOT NULL REFERENCES agents (id),
    answers       INTEGER NOT NULL DEFAULT 0,
    input_tokens  INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cost_micros   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, day, agent)
) STRICT, WITHOUT ROWID;

-- The same of all accounts together.
CREATE TABLE model_days (
    day           INTEGER NOT NULL PRIMARY KEY,
    answers       INTEGER NOT NULL DEFAULT 0,
    input_tokens  INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cost_micros   INTEGER NOT NULL DEFAULT 0
) STRICT;
