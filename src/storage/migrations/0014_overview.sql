-- What the dashboard's first page shows, without a look at messages.

-- Of the answers that took so long, those that said that the knowledge does not hold the answer.
ALTER TABLE response_times ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0;

CREATE INDEX unanswered_questions_of_account ON unanswered_questions (account, asked_count DESC, last_asked_at DESC);
