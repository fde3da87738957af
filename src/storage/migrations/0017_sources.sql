-- Where knowledge came from, and when a website was last seen with an agent on it.

-- `pasted`, `file:NAME`, `api`, `question`, `sample`; empty where it was not noted.
ALTER TABLE knowledge ADD COLUMN source TEXT NOT NULL DEFAULT '';

ALTER TABLE installations ADD COLUMN last_seen_at INTEGER NOT NULL DEFAULT 0;
UPDATE installations SET last_seen_at = first_seen_at;
