//! Who is signed in to the dashboard.

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::account::{Account, User};
use crate::domain::id::{AccountId, UserId};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Time};
use crate::storage::{Error, Result, Store};

/// A session ends after this long without a request.
pub const IDLE_MS: i64 = 12 * HOUR_MS;
/// A session ends after this long in any case.
pub const AGE_MS: i64 = 7 * DAY_MS;

pub struct NewSession {
    pub token_hash: [u8; 32],
    pub csrf: String,
    pub address: String,
    pub user_agent: String,
}

/// A signed-in person: who, of which account, and the token that forms must carry.
#[derive(Clone, Debug)]
pub struct Member {
    pub user: User,
    pub account: Account,
    pub csrf: String,
    /// When they last gave their password, or a code, in this session.
    pub proved_at: Time,
}

/// The hash of a session's token, and that of the token that takes its place.
#[derive(Clone, Copy)]
pub struct Renewal {
    pub old: [u8; 32],
    pub new: [u8; 32],
}

/// A session that is open, as its owner sees it.
#[derive(Clone, Debug)]
pub struct OpenSession {
    pub token_hash: [u8; 32],
    pub address: String,
    pub user_agent: String,
    pub created_at: Time,
    pub seen_at: Time,
}

const OPEN: &str = "
    SELECT token_hash, address, user_agent, created_at, seen_at
    FROM sessions
    WHERE account = ?1 AND user = ?2 AND ?3 < seen_at AND ?4 < created_at
    ORDER BY created_at DESC
    LIMIT ?5";

/// Sessions that one list shows.
const OPEN_MAX: i64 = 100;

const END_OTHERS: &str = "
    DELETE FROM sessions
    WHERE account = ?1 AND user = ?2 AND token_hash <> ?3";

const SEEN: &str = "
    UPDATE users
    SET seen_at = ?3
    WHERE account = ?1 AND id = ?2";

const FIND: &str = "
    SELECT u.id, u.account, u.email, u.name, u.password_hash,
           a.id, a.name, a.email, a.plan, a.created_at,
           s.csrf, s.proved_at, s.seen_at, u.role
    FROM sessions s
    JOIN users u ON u.account = s.account AND u.id = s.user
    JOIN accounts a ON a.id = s.account
    WHERE s.token_hash = ?1 AND ?2 < s.seen_at AND ?3 < s.created_at";

impl Store {
    /// Refused where the password is not the one any more that `user` was read with: whoever changes it ends the sessions,
    /// and those that are just being opened.
    pub async fn create_session(&self, user: User, session: NewSession) -> Result<()> {
        let now = self.world().now();
        self.write(move |db| {
            let same = "SELECT 1 FROM users WHERE account = ?1 AND id = ?2 AND password_hash = ?3";
            if !db.prepare_cached(same)?.exists(params![user.account, user.id, user.password_hash])? {
                return Err(Error::NotFound);
            }
            db.execute("DELETE FROM sessions WHERE created_at < ?1", [now.plus_ms(-AGE_MS)])?;
            db.prepare_cached(
                "INSERT INTO sessions (token_hash, account, user, csrf, address, user_agent, created_at, seen_at, proved_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?7)",
            )?
            .execute(params![
                session.token_hash,
                user.account,
                user.id,
                session.csrf,
                session.address,
                session.user_agent,
                now
            ])?;
            db.prepare_cached(SEEN)?.execute(params![user.account, user.id, now])?;
            Ok(())
        })
        .await
    }

    /// The person of this session has proved who they are.
    pub async fn prove_session(&self, token_hash: [u8; 32]) -> Result<()> {
        let now = self.world().now();
        self.write(move |db| {
            let prove = "UPDATE sessions SET proved_at = ?2 WHERE token_hash = ?1";
            if db.prepare_cached(prove)?.execute(params![token_hash, now])? == 0 { Err(Error::NotFound) } else { Ok(()) }
        })
        .await
    }

    pub async fn member(&self, token_hash: [u8; 32]) -> Result<Option<Member>> {
        let now = self.world().now();
        let found = self
            .read(move |db| {
                let mut find = db.prepare_cached(FIND)?;
                let row = find.query_row(params![token_hash, now.plus_ms(-IDLE_MS), now.plus_ms(-AGE_MS)], |row| {
                    let user = User {
                        id: row.get(0)?,
                        account: row.get(1)?,
                        email: row.get(2)?,
                        name: row.get(3)?,
                        password_hash: row.get(4)?,
                        role: row.get(13)?,
                    };
                    let account = Account {
                        id: row.get(5)?,
                        name: row.get(6)?,
                        email: row.get(7)?,
                        plan: row.get(8)?,
                        created_at: row.get(9)?,
                    };
                    let member = Member { user, account, csrf: row.get(10)?, proved_at: row.get(11)? };
                    Ok((member, row.get::<_, Time>(12)?))
                });
                Ok(row.optional()?)
            })
            .await?;
        let Some((member, seen_at)) = found else { return Ok(None) };
        if now.since(seen_at) > MINUTE_MS {
            let (account, user) = (member.account.id.clone(), member.user.id.clone());
            self.shared.writer.run_later(move |db| {
                db.execute("UPDATE sessions SET seen_at = ?2 WHERE token_hash = ?1", params![token_hash, now])?;
                db.prepare_cached(SEEN)?.execute(params![account, user, now])?;
                Ok(())
            });
        }
        Ok(Some(member))
    }

    /// Newest first.
    pub async fn open_sessions(&self, account: AccountId, user: UserId) -> Result<Vec<OpenSession>> {
        let now = self.world().now();
        self.read(move |db| {
            let mut list = db.prepare_cached(OPEN)?;
            let values = params![account, user, now.plus_ms(-IDLE_MS), now.plus_ms(-AGE_MS), OPEN_MAX];
            let rows = list.query_map(values, |row| {
                Ok(OpenSession {
                    token_hash: row.get(0)?,
                    address: row.get(1)?,
                    user_agent: row.get(2)?,
                    created_at: row.get(3)?,
                    seen_at: row.get(4)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    pub async fn end_session(&self, account: AccountId, user: UserId, token_hash: [u8; 32]) -> Result<()> {
        self.write(move |db| {
            let own = "DELETE FROM sessions WHERE account = ?1 AND user = ?2 AND token_hash = ?3";
            let ended = db.execute(own, params![account, user, token_hash])?;
            if ended == 0 { Err(Error::NotFound) } else { Ok(()) }
        })
        .await
    }

    /// All of a user's but one.
    pub async fn end_other_sessions(&self, account: AccountId, user: UserId, kept: [u8; 32]) -> Result<()> {
        self.write(move |db| {
            db.prepare_cached(END_OTHERS)?.execute(params![account, user, kept])?;
            Ok(())
        })
        .await
    }

    pub async fn delete_session(&self, token_hash: [u8; 32]) -> Result<()> {
        self.write(move |db| {
            db.execute("DELETE FROM sessions WHERE token_hash = ?1", params![token_hash])?;
            Ok(())
        })
        .await
    }
}

/// Gives the session another token, and ends all others of its user.
pub fn renew_session(db: &Connection, account: &AccountId, user: &UserId, Renewal { old, new }: Renewal) -> Result<()> {
    db.prepare_cached(END_OTHERS)?.execute(params![account, user, old])?;
    let renew = "UPDATE sessions SET token_hash = ?4 WHERE account = ?1 AND user = ?2 AND token_hash = ?3";
    let renewed = db.prepare_cached(renew)?.execute(params![account, user, old, new])?;
    if renewed == 0 { Err(Error::NotFound) } else { Ok(()) }
}
