-- What waits for a person comes first in the inbox, what nobody of the team has read stands out, and what a person leaves
-- lying goes back to its agent.

-- Since when a visitor waits for the person who has the conversation, and since when that person has done nothing.
ALTER TABLE conversations ADD COLUMN waiting_since INTEGER;
ALTER TABLE conversations ADD COLUMN silent_since INTEGER;
-- Messages up to the visitor's last one, and up to the last one that somebody of the team has seen.
ALTER TABLE conversations ADD COLUMN asked_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN seen_count INTEGER NOT NULL DEFAULT 0;
-- Who let it wait for how many minutes, where it went back by itself.
ALTER TABLE conversations ADD COLUMN handed_back_name TEXT;
ALTER TABLE conversations ADD COLUMN handed_back_minutes INTEGER;
-- The agent still has to answer what was waiting then.
ALTER TABLE conversations ADD COLUMN answer_owed INTEGER NOT NULL DEFAULT 0 CHECK (answer_owed IN (0, 1));

UPDATE conversations SET seen_count = messages_count;
UPDATE conversations
SET waiting_since = m.created_at, silent_since = m.created_at
FROM messages m
WHERE claimed_by IS NOT NULL AND m.conversation = conversations.id AND m.seq = messages_count - 1 AND m.role = 'user';

-- An answer of the agent that no request waits for: the visitor's page is told of it.
ALTER TABLE messages ADD COLUMN unasked INTEGER NOT NULL DEFAULT 0 CHECK (unasked IN (0, 1));

-- 0 is never.
ALTER TABLE accounts ADD COLUMN hand_back_minutes INTEGER NOT NULL DEFAULT 5 CHECK (0 <= hand_back_minutes);

CREATE INDEX conversations_waiting ON conversations (account, waiting_since, id) WHERE waiting_since IS NOT NULL;
CREATE INDEX conversations_silent ON conversations (silent_since) WHERE silent_since IS NOT NULL;
CREATE INDEX conversations_owed ON conversations (last_activity_at) WHERE answer_owed = 1;
CREATE INDEX conversations_new ON conversations (account) WHERE seen_count < asked_count OR waiting_since IS NOT NULL;

-- The inbox goes by the last message, however it is narrowed.
CREATE INDEX conversations_recent ON conversations (account, last_activity_at DESC, id DESC);
CREATE INDEX conversations_recent_by_agent ON conversations (account, agent, last_activity_at DESC, id DESC);
DROP INDEX conversations_open;
DROP INDEX conversations_with_lead;
DROP INDEX conversations_unanswered;
DROP INDEX conversations_disliked;
CREATE INDEX conversations_open ON conversations (account, last_activity_at DESC, id DESC) WHERE ended_at IS NULL;
CREATE INDEX conversations_with_lead ON conversations (account, last_activity_at DESC, id DESC) WHERE lead IS NOT NULL;
CREATE INDEX conversations_unanswered ON conversations (account, last_activity_at DESC, id DESC) WHERE unanswered = 1;
CREATE INDEX conversations_disliked ON conversations (account, last_activity_at DESC, id DESC) WHERE disliked = 1;
