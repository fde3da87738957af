-- A second step at signing in, and when a person last proved who they are.

-- By the password or by a code; what is sensitive asks anew after ten minutes.
ALTER TABLE sessions ADD COLUMN proved_at INTEGER NOT NULL DEFAULT 0;

-- The secret is shared with the person's authenticator and sealed under the master key. No code of `last_step` or of a
-- step before it is taken any more.
CREATE TABLE two_step (
    user       TEXT    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    account    TEXT    NOT NULL REFERENCES accounts (id),
    secret     BLOB    NOT NULL,
    last_step  INTEGER NOT NULL,
    enabled_at INTEGER NOT NULL
) STRICT;

-- Each opens the door once; a used one is deleted. Kept as their SHA-256 only.
CREATE TABLE recovery_codes (
    user    TEXT NOT NULL REFERENCES two_step (user) ON DELETE CASCADE,
    account TEXT NOT NULL REFERENCES accounts (id),
    hash    BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (user, hash)
) STRICT;
