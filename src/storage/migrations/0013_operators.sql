-- People who answer in the place of an agent, and what a team works with beside conversations and leads.

-- Whose turn it is to answer; the name is the one that the visitor was told.
ALTER TABLE conversations ADD COLUMN claimed_by TEXT REFERENCES users (id);
ALTER TABLE conversations ADD COLUMN claimed_name TEXT;
ALTER TABLE conversations ADD COLUMN claimed_at INTEGER;
-- How often it was taken over: an answer that was begun before may not be kept after.
ALTER TABLE conversations ADD COLUMN claims_count INTEGER NOT NULL DEFAULT 0;

-- Who wrote an operator's message.
ALTER TABLE messages ADD COLUMN operator TEXT;

-- What the inbox is narrowed by, newest first.
CREATE INDEX conversations_open ON conversations (account, started_at DESC, id DESC) WHERE ended_at IS NULL;
CREATE INDEX conversations_with_lead ON conversations (account, started_at DESC, id DESC) WHERE lead IS NOT NULL;
CREATE INDEX messages_unanswered ON messages (account, conversation) WHERE answered = 0;
CREATE INDEX messages_disliked ON messages (account, conversation) WHERE feedback = -1;

-- Which message stands in the word index under which number; later ones have higher numbers.
CREATE TABLE searched_messages (
    number       INTEGER NOT NULL PRIMARY KEY,
    account      TEXT    NOT NULL REFERENCES accounts (id),
    conversation TEXT    NOT NULL REFERENCES conversations (id),
    message      TEXT    NOT NULL
) STRICT;
CREATE INDEX searched_messages_of_conversation ON searched_messages (conversation);

-- Holds words, and no text: that stands in `messages`. What is deleted leaves no trace.
CREATE VIRTUAL TABLE message_words USING fts5 (account, content, content = '', tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1);
INSERT INTO searched_messages (account, conversation, message)
    SELECT account, conversation, id FROM messages ORDER BY created_at, conversation, seq;
INSERT INTO message_words (rowid, account, content)
    SELECT s.number, substr(s.account, 5), m.content
    FROM searched_messages s
    JOIN messages m ON m.id = s.message;

-- What people of the team tell each other of a conversation or a lead; it goes with what it is about.
CREATE TABLE notes (
    id           TEXT    NOT NULL PRIMARY KEY,
    account      TEXT    NOT NULL REFERENCES accounts (id),
    conversation TEXT    REFERENCES conversations (id) ON DELETE CASCADE,
    lead         TEXT    REFERENCES leads (id) ON DELETE CASCADE,
    author       TEXT    NOT NULL,
    content      TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    CHECK ((conversation IS NULL) <> (lead IS NULL))
) STRICT;
CREATE INDEX notes_of_conversation ON notes (conversation, created_at) WHERE conversation IS NOT NULL;
CREATE INDEX notes_of_lead ON notes (lead, created_at) WHERE lead IS NOT NULL;

-- What operators write again and again.
CREATE TABLE canned_replies (
    id         TEXT    NOT NULL PRIMARY KEY,
    account    TEXT    NOT NULL REFERENCES accounts (id),
    title      TEXT    NOT NULL,
    content    TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX canned_replies_by_title ON canned_replies (account, title);
