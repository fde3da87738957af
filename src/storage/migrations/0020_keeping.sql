-- What was forgotten still counts; and who keeps the server.

ALTER TABLE agents ADD COLUMN conversations_forgotten INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN leads_forgotten INTEGER NOT NULL DEFAULT 0;

-- The oldest account is that of whoever keeps the server.
CREATE INDEX accounts_by_age ON accounts (created_at, id);
