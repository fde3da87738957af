-- A conversation exists from its first message on: `started_at` is when its panel was opened, which may be long before.
ALTER TABLE conversations ADD COLUMN stored_at INTEGER NOT NULL DEFAULT 0;
UPDATE conversations SET stored_at = max(started_at, coalesce(
    (SELECT created_at FROM messages WHERE conversation = conversations.id AND messages.account = conversations.account
       AND role = 'user' ORDER BY seq LIMIT 1), started_at));

-- What the team itself tries out counts nowhere.
ALTER TABLE conversations ADD COLUMN trial INTEGER NOT NULL DEFAULT 0 CHECK (trial IN (0, 1));
ALTER TABLE leads ADD COLUMN trial INTEGER NOT NULL DEFAULT 0 CHECK (trial IN (0, 1));
CREATE INDEX conversations_stored ON conversations (account, agent, stored_at, started_at, id) WHERE trial = 0;
CREATE INDEX leads_counted ON leads (account, agent, captured_at) WHERE trial = 0;

-- Keys go with the person who made them. Of older ones, the audit log may tell.
ALTER TABLE api_keys ADD COLUMN created_by TEXT;
UPDATE api_keys SET created_by = (
    SELECT actor FROM audit_log
    WHERE audit_log.account = api_keys.account AND action = 'key.created' AND target = api_keys.id AND actor GLOB 'usr_*'
    ORDER BY audit_log.id DESC LIMIT 1);
CREATE INDEX api_keys_by_person ON api_keys (account, created_by) WHERE revoked_at IS NULL;

-- How many passages an entry is cut into. Of older ones it is estimated, until they are changed.
ALTER TABLE knowledge ADD COLUMN passages INTEGER NOT NULL DEFAULT 0;
UPDATE knowledge SET passages = 1 + size_bytes / 600;
ALTER TABLE agents ADD COLUMN knowledge_passages INTEGER NOT NULL DEFAULT 0;
UPDATE agents SET knowledge_passages = coalesce(
    (SELECT sum(passages) FROM knowledge WHERE knowledge.account = agents.account AND knowledge.agent = agents.id), 0);
