-- What the first page draws of a month, counted with its causes instead of looked up in them.

CREATE TABLE days (
    account       TEXT    NOT NULL REFERENCES accounts (id),
    day           INTEGER NOT NULL,
    conversations INTEGER NOT NULL DEFAULT 0,
    leads         INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, day)
) STRICT, WITHOUT ROWID;

-- Times are rounded to two digits, so that a day has few of them; their sum is exact.
CREATE TABLE answer_times (
    account    TEXT    NOT NULL REFERENCES accounts (id),
    day        INTEGER NOT NULL,
    rounded_ms INTEGER NOT NULL,
    answers    INTEGER NOT NULL DEFAULT 0,
    unanswered INTEGER NOT NULL DEFAULT 0,
    total_ms   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, day, rounded_ms)
) STRICT, WITHOUT ROWID;

INSERT INTO days (account, day, conversations)
SELECT account, started_at - started_at % 86400000, count(*)
FROM conversations
GROUP BY 1, 2;

INSERT INTO days (account, day, leads)
SELECT account, captured_at - captured_at % 86400000, count(*)
FROM leads
WHERE true
GROUP BY 1, 2
ON CONFLICT (account, day) DO UPDATE SET leads = excluded.leads;

INSERT INTO answer_times (account, day, rounded_ms, answers, unanswered, total_ms)
SELECT account,
       created_at - created_at % 86400000,
       CASE
           WHEN response_ms < 100 THEN response_ms
           WHEN response_ms < 1000 THEN (response_ms + 5) / 10 * 10
           WHEN response_ms < 10000 THEN (response_ms + 50) / 100 * 100
           ELSE (response_ms + 500) / 1000 * 1000
       END,
       count(*),
       count(*) FILTER (WHERE answered = 0),
       CAST(sum(response_ms) AS INTEGER)
FROM messages
WHERE response_ms IS NOT NULL
GROUP BY 1, 2, 3;
