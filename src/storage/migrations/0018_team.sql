-- The people of an account beyond its first, and the log of what they do.

-- Outlives the sessions by which a person was seen.
ALTER TABLE users ADD COLUMN seen_at INTEGER;
UPDATE users SET seen_at = (SELECT max(s.seen_at) FROM sessions s WHERE s.account = users.account AND s.user = users.id);
-- When a refused sign-in was last written down, and how many have come since.
ALTER TABLE users ADD COLUMN refused_at INTEGER;
ALTER TABLE users ADD COLUMN refused_count INTEGER NOT NULL DEFAULT 0;
CREATE INDEX users_refused ON users (refused_at) WHERE refused_count > 0;

-- Asked when a person is removed.
CREATE INDEX sessions_of_person ON sessions (user);
CREATE INDEX conversations_claimed ON conversations (claimed_by) WHERE claimed_by IS NOT NULL;

-- The link's token is kept as its SHA-256 only. What is accepted or revoked is deleted.
CREATE TABLE invites (
    id         TEXT    NOT NULL PRIMARY KEY,
    account    TEXT    NOT NULL REFERENCES accounts (id),
    email      TEXT    NOT NULL,
    role       TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    token_hash BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    invited_by TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX invites_by_account ON invites (account, email);
CREATE INDEX invites_by_inviter ON invites (invited_by);
CREATE INDEX invites_by_age ON invites (expires_at);

-- Nothing was written to the one before.
DROP TABLE audit_log;

-- Who did what, and from where. The actor's name is the one at that time.
CREATE TABLE audit_log (
    id         INTEGER PRIMARY KEY,
    account    TEXT    NOT NULL REFERENCES accounts (id),
    created_at INTEGER NOT NULL,
    actor      TEXT    NOT NULL,
    actor_name TEXT    NOT NULL,
    -- The first part of the action.
    subject    TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    target     TEXT    NOT NULL,
    detail     TEXT    NOT NULL,
    times      INTEGER NOT NULL,
    address    TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    request_id TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_log_by_account ON audit_log (account, id DESC);
CREATE INDEX audit_log_by_actor ON audit_log (account, actor, id DESC);
CREATE INDEX audit_log_by_subject ON audit_log (account, subject, id DESC);
CREATE INDEX audit_log_by_age ON audit_log (created_at);

-- What is older is forgotten. Whoever deletes has to say so here first, and it only moves on.
CREATE TABLE audit_horizon (
    one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    before INTEGER NOT NULL
) STRICT;
INSERT INTO audit_horizon (one, before) VALUES (1, 0);

CREATE TRIGGER audit_log_stays_as_it_was BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only written to');
END;
-- A row that replaces another deletes that without a word.
CREATE TRIGGER audit_log_replaces_nothing BEFORE INSERT ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only written to');
END;
CREATE TRIGGER audit_log_is_kept BEFORE DELETE ON audit_log
WHEN (SELECT before FROM audit_horizon WHERE one = 1) <= OLD.created_at
BEGIN
    SELECT RAISE(ABORT, 'the audit log is kept');
END;
CREATE TRIGGER audit_horizon_moves_on BEFORE UPDATE ON audit_horizon
WHEN NEW.before < OLD.before OR NEW.one <> OLD.one
BEGIN
    SELECT RAISE(ABORT, 'the audit log is kept');
END;
CREATE TRIGGER audit_horizon_is_one BEFORE INSERT ON audit_horizon
BEGIN
    SELECT RAISE(ABORT, 'the audit log is kept');
END;
CREATE TRIGGER audit_horizon_stays BEFORE DELETE ON audit_horizon
BEGIN
    SELECT RAISE(ABORT, 'the audit log is kept');
END;
