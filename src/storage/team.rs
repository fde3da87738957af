//! The people of an account: who they are, their roles, and the invites by which they come.

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::account::{Role, User};
use crate::domain::id::{AccountId, ConversationId, InviteId, UserId, VisitorId};
use crate::domain::team::{INVITE_AGE_MS, INVITES_OPEN_MAX, Invite, NewInvite, PEOPLE_MAX, Person, Refusal, may_change};
use crate::domain::time::Time;
use crate::storage::{Error, Result, Store, draw, users};

/// What became of a wish that the team's rules may stand against.
pub type Decided<T> = std::result::Result<T, Refusal>;

/// A person as they were before a change, and the conversations that somebody else has now.
#[derive(Debug)]
pub struct Changed {
    pub name: String,
    pub role: Role,
    pub passed_on: Vec<(ConversationId, VisitorId)>,
}

const REVOKE_KEYS: &str = "
    UPDATE api_keys INDEXED BY api_keys_by_person
    SET revoked_at = ?3
    WHERE account = ?1 AND created_by = ?2 AND revoked_at IS NULL";

const PEOPLE: &str = "
    SELECT id, email, name, role, created_at, seen_at,
           EXISTS (SELECT 1 FROM two_step t WHERE t.user = users.id AND t.account = users.account)
    FROM users
    WHERE account = ?1
    ORDER BY created_at, rowid
    LIMIT ?2";

const PERSON: &str = "
    SELECT name, role
    FROM users
    WHERE account = ?1 AND id = ?2";

const COUNT: &str = "SELECT count(*) FROM users WHERE account = ?1";

const OTHER_OWNER: &str = "
    SELECT id, name
    FROM users
    WHERE account = ?1 AND id <> ?2 AND role = 'owner'
    ORDER BY created_at
    LIMIT 1";

const SET_ROLE: &str = "
    UPDATE users
    SET role = ?3
    WHERE account = ?1 AND id = ?2";

const PASS_ON: &str = "
    UPDATE conversations
    SET claimed_by = ?3, claimed_name = ?4, claimed_at = ?5, claims_count = claims_count + 1,
        silent_since = CASE WHEN silent_since IS NOT NULL THEN ?5 END
    WHERE claimed_by = ?2 AND account = ?1
    RETURNING id, visitor";

const END_SESSIONS: &str = "
    DELETE FROM sessions
    WHERE account = ?1 AND user = ?2";

const WITHDRAW: &str = "
    DELETE FROM invites
    WHERE invited_by = ?2 AND account = ?1";

const REMOVE: &str = "
    DELETE FROM users
    WHERE account = ?1 AND id = ?2";

const ADD: &str = "
    INSERT INTO users (id, account, email, name, role, password_hash, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const INVITE: &str = "
    INSERT INTO invites (id, account, email, role, token_hash, invited_by, created_at, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const OPEN_INVITES: &str = "
    SELECT i.id, i.email, i.role, u.name, i.expires_at
    FROM invites i
    JOIN users u ON u.id = i.invited_by AND u.account = i.account
    WHERE i.account = ?1 AND ?2 < i.expires_at
    ORDER BY i.email
    LIMIT ?3";

const EXPIRED: &str = "DELETE FROM invites WHERE expires_at <= ?1";

const BY_TOKEN: &str = "
    SELECT i.id, i.email, i.role, a.name, i.expires_at, i.account
    FROM invites i
    JOIN accounts a ON a.id = i.account
    WHERE i.token_hash = ?1 AND ?2 < i.expires_at";

impl Store {
    /// Those who have been here longest first.
    pub async fn people(&self, account: AccountId) -> Result<Vec<Person>> {
        self.read(move |db| {
            let mut list = db.prepare_cached(PEOPLE)?;
            let rows = list.query_map(params![account, PEOPLE_MAX], |row| {
                Ok(Person {
                    id: row.get(0)?,
                    email: row.get(1)?,
                    name: row.get(2)?,
                    role: row.get(3)?,
                    joined_at: row.get(4)?,
                    seen_at: row.get(5)?,
                    two_step: row.get(6)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// Gives a person another role. Who may not answer visitors any more passes their conversations on to `by`.
    pub async fn set_role(&self, by: User, id: UserId, role: Role) -> Result<Decided<Changed>> {
        let now = self.world().now();
        self.write(move |db| {
            let (name, before) = person(db, &by.account, &id)?;
            if let Err(refusal) = check(db, &by, &id, before, role)? {
                return Ok(Err(refusal));
            }
            db.prepare_cached(SET_ROLE)?.execute(params![by.account, id, role])?;
            if role < before {
                // What they could not do any more must not happen by a link of theirs.
                db.prepare_cached(WITHDRAW)?.execute(params![by.account, id])?;
            }
            let passed_on = if role < Role::Member { pass_on(db, &by, &id, now)? } else { Vec::new() };
            Ok(Ok(Changed { name, role: before, passed_on }))
        })
        .await
    }

    /// Takes a person out of the team: no session and no invite of theirs is left, and `by` has their conversations.
    /// What they wrote stays, with their name.
    pub async fn remove_person(&self, by: User, id: UserId) -> Result<Decided<Changed>> {
        let now = self.world().now();
        self.write(move |db| {
            let (name, role) = person(db, &by.account, &id)?;
            if let Err(refusal) = check(db, &by, &id, role, Role::Viewer)? {
                return Ok(Err(refusal));
            }
            let passed_on = pass_on(db, &by, &id, now)?;
            db.prepare_cached(WITHDRAW)?.execute(params![by.account, id])?;
            db.prepare_cached(END_SESSIONS)?.execute(params![by.account, id])?;
            db.prepare_cached(REVOKE_KEYS)?.execute(params![by.account, id, now])?;
            db.prepare_cached(REMOVE)?.execute(params![by.account, id])?;
            Ok(Ok(Changed { name, role, passed_on }))
        })
        .await
    }

    pub async fn invite(&self, by: User, new: NewInvite, token_hash: [u8; 32]) -> Result<Decided<InviteId>> {
        let world = self.world().clone();
        self.write(move |db| {
            let now = world.now();
            let (_, own) = person(db, &by.account, &by.id)?;
            if !may_change(own, Role::Viewer, new.role) {
                return Ok(Err(Refusal::AboveYou));
            }
            db.prepare_cached(EXPIRED)?.execute([now])?;
            let count = |sql: &str| db.prepare_cached(sql)?.query_row([&by.account], |row| row.get::<_, i64>(0));
            let has = |sql: &str| db.prepare_cached(sql)?.exists(params![by.account, new.email]);
            if has("SELECT 1 FROM users WHERE account = ?1 AND email = ?2")? {
                return Ok(Err(Refusal::AlreadyIn));
            }
            if has("SELECT 1 FROM invites WHERE account = ?1 AND email = ?2")? {
                return Ok(Err(Refusal::AlreadyInvited));
            }
            if PEOPLE_MAX <= count(COUNT)? {
                return Ok(Err(Refusal::TooManyPeople));
            }
            if INVITES_OPEN_MAX <= count("SELECT count(*) FROM invites WHERE account = ?1")? {
                return Ok(Err(Refusal::TooManyInvites));
            }
            let id: InviteId = draw(db, &world, "invites")?;
            let until = now.plus_ms(INVITE_AGE_MS);
            db.prepare_cached(INVITE)?.execute(params![id, by.account, new.email, new.role, token_hash, by.id, now, until])?;
            Ok(Ok(id))
        })
        .await
    }

    pub async fn open_invites(&self, account: AccountId) -> Result<Vec<Invite>> {
        let now = self.world().now();
        self.read(move |db| {
            let mut list = db.prepare_cached(OPEN_INVITES)?;
            let rows = list.query_map(params![account, now, INVITES_OPEN_MAX], |row| {
                Ok(Invite { id: row.get(0)?, email: row.get(1)?, role: row.get(2)?, by: row.get(3)?, expires_at: row.get(4)? })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// The address that it was for.
    pub async fn revoke_invite(&self, account: AccountId, id: InviteId) -> Result<String> {
        self.write(move |db| {
            let revoke = "DELETE FROM invites WHERE account = ?1 AND id = ?2 RETURNING email";
            Ok(db.prepare_cached(revoke)?.query_row(params![account, id], |row| row.get(0))?)
        })
        .await
    }

    /// The invite that a link opens and its account, whose name is in the place of whoever made it.
    pub async fn invite_of(&self, token_hash: [u8; 32]) -> Result<Option<(AccountId, Invite)>> {
        let now = self.world().now();
        self.read(move |db| invite(db, &token_hash, now)).await
    }

    /// Makes a person of an invite, once. `other` is the address that they sign in with where the invited one is in use.
    pub async fn accept_invite(
        &self,
        token_hash: [u8; 32],
        name: String,
        other: Option<String>,
        password_hash: String,
    ) -> Result<Decided<User>> {
        let world = self.world().clone();
        self.write(move |db| {
            let now = world.now();
            let (account, invite) = invite(db, &token_hash, now)?.ok_or(Error::NotFound)?;
            let people: i64 = db.prepare_cached(COUNT)?.query_row([&account], |row| row.get(0))?;
            if PEOPLE_MAX <= people {
                return Ok(Err(Refusal::TooManyPeople));
            }
            let Some(email) = free_address(db, invite.email, other, now)? else { return Ok(Err(Refusal::AddressTaken)) };
            let (id, role): (UserId, _) = (draw(db, &world, "users")?, invite.role);
            db.prepare_cached(ADD)?.execute(params![id, account, email, name, role, password_hash, now])?;
            db.prepare_cached("DELETE FROM invites WHERE token_hash = ?1")?.execute([token_hash])?;
            Ok(Ok(User { id, account, email, name, password_hash, role }))
        })
        .await
    }
}

fn person(db: &Connection, account: &AccountId, id: &UserId) -> Result<(String, Role)> {
    Ok(db.prepare_cached(PERSON)?.query_row(params![account, id], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Within the transaction that makes the change: of two owners who remove each other, one stays.
fn check(db: &Connection, by: &User, id: &UserId, before: Role, now: Role) -> Result<Decided<()>> {
    let own = person(db, &by.account, &by.id).map(|(_, role)| role);
    let own = own.or_else(|error| if matches!(error, Error::NotFound) { Ok(Role::Viewer) } else { Err(error) })?;
    if !may_change(own, before, now) {
        return Ok(Err(Refusal::AboveYou));
    }
    if before == Role::Owner && now != Role::Owner && other_owner(db, &by.account, id)?.is_none() {
        return Ok(Err(Refusal::LastOwner));
    }
    Ok(Ok(()))
}

fn other_owner(db: &Connection, account: &AccountId, than: &UserId) -> Result<Option<(UserId, String)>> {
    let mut find = db.prepare_cached(OTHER_OWNER)?;
    Ok(find.query_row(params![account, than], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// A visitor whom a person was answering must not be left with nobody. Whoever leaves by themselves passes on to an owner.
fn pass_on(db: &Connection, by: &User, from: &UserId, now: Time) -> Result<Vec<(ConversationId, VisitorId)>> {
    let heir = if by.id == *from { other_owner(db, &by.account, from)? } else { Some((by.id.clone(), by.name.clone())) };
    let (heir, name) = heir.unzip();
    let at = heir.as_ref().map(|_| now);
    let mut pass = db.prepare_cached(PASS_ON)?;
    let rows = pass.query_map(params![by.account, from, heir, name, at], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The address that was invited, or else the other one, if somebody can sign in with it.
fn free_address(db: &Connection, invited: String, other: Option<String>, now: Time) -> Result<Option<String>> {
    if !users::is_taken(db, &invited, None)? {
        return Ok(Some(invited));
    }
    let Some(other) = other else { return Ok(None) };
    let free = !users::is_taken(db, &other, None)? && !users::is_reserved(db, &other, None, now)?;
    Ok(free.then_some(other))
}

fn invite(db: &Connection, token_hash: &[u8; 32], now: Time) -> Result<Option<(AccountId, Invite)>> {
    let mut find = db.prepare_cached(BY_TOKEN)?;
    let found = find.query_row(params![token_hash, now], |row| {
        let (id, email, role) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok((row.get(5)?, Invite { id, email, role, by: row.get(3)?, expires_at: row.get(4)? }))
    });
    Ok(found.optional()?)
}
