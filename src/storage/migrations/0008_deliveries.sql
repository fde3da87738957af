-- A delivery stands in no more indexes than somebody reads: each of them is written several times in its life.

-- First tries go before retries, out of one index.
ALTER TABLE deliveries ADD COLUMN retried INTEGER GENERATED ALWAYS AS (CASE WHEN attempts = 0 THEN 0 ELSE 1 END) VIRTUAL;
DROP INDEX deliveries_new;
DROP INDEX deliveries_pending;
CREATE INDEX deliveries_pending ON deliveries (webhook, retried, next_attempt_at, id) WHERE state = 'pending';

-- As few rows as there are senders: they are counted together.
DROP INDEX deliveries_inflight;
DROP INDEX deliveries_inflight_of_account;
CREATE INDEX deliveries_inflight ON deliveries (lease_until, account, webhook) WHERE state = 'inflight';

-- What is old enough to be forgotten belongs to an event that is at least as old.
DROP INDEX deliveries_by_age;
DROP INDEX delivery_attempts_by_age;
