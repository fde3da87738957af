-- Fast and slow endpoints wait for threads of their own; trouble with a webhook is remembered until it ends.

ALTER TABLE webhooks ADD COLUMN lane TEXT NOT NULL DEFAULT 'fast' CHECK (lane IN ('fast', 'slow'));
-- Answers in a row that speak for leaving the lane.
ALTER TABLE webhooks ADD COLUMN streak INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN disabled_at INTEGER;
UPDATE webhooks SET disabled_reason = 'manual' WHERE disabled_reason = 'by hand';
-- Since when is not known: what waits for them is kept for the whole time from now.
UPDATE webhooks SET disabled_at = unixepoch() * 1000 WHERE status = 'disabled';

DROP INDEX webhooks_due;
CREATE INDEX webhooks_due ON webhooks (lane, next_due_at) WHERE status = 'active' AND next_due_at IS NOT NULL;
CREATE INDEX webhooks_disabled ON webhooks (disabled_at) WHERE status = 'disabled';

-- First tries go before retries.
CREATE INDEX deliveries_new ON deliveries (webhook, next_attempt_at, id) WHERE state = 'pending' AND attempts = 0;
