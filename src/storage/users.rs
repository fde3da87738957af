//! The people of an account.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::account::User;
use crate::domain::id::{AccountId, UserId};
use crate::domain::spelling::decomposed;
use crate::domain::time::Time;
use crate::storage::{Error, Result, Store};

const BY_EMAIL: &str = "
    SELECT id, account, email, name, password_hash, role
    FROM users
    WHERE email IN (?1, ?2)
    ORDER BY email = ?1 DESC
    LIMIT 1";

const BY_ID: &str = "
    SELECT id, account, email, name, password_hash, role
    FROM users
    WHERE account = ?1 AND id = ?2";

/// Where the account was known by the address of this user, it goes on being so.
const MOVE_ACCOUNT: &str = "
    UPDATE accounts
    SET email = ?3
    WHERE id = ?1 AND email = (SELECT email FROM users WHERE account = ?1 AND id = ?2)";

const KEEPER: &str = "
    SELECT 1
    FROM users
    WHERE id = ?1 AND role = 'owner' AND account = (SELECT id FROM accounts ORDER BY created_at, id LIMIT 1)";

const TAKEN: &str = "
    SELECT 1
    FROM users
    WHERE email IN (?1, ?2) AND id IS NOT ?3";

const RESERVED: &str = "
    SELECT 1
    FROM invites
    WHERE email IN (?1, ?2) AND account IS NOT ?3 AND ?4 < expires_at";

impl Store {
    pub async fn user(&self, account: AccountId, id: UserId) -> Result<User> {
        self.read(move |db| Ok(db.prepare_cached(BY_ID)?.query_row(params![account, id], user_of)?)).await
    }

    /// Whether somebody is an owner of the server's oldest account: who set it up.
    pub async fn keeps_server(&self, user: UserId) -> Result<bool> {
        self.read(move |db| Ok(db.prepare_cached(KEEPER)?.exists([user])?)).await
    }

    /// Looked up before anyone is signed in, so across accounts. An address may have been kept in another spelling once.
    pub async fn user_by_email(&self, email: String) -> Result<Option<User>> {
        self.read(move |db| {
            let found = db.prepare_cached(BY_EMAIL)?.query_row([&email, &decomposed(&email)], user_of);
            Ok(found.optional()?)
        })
        .await
    }

    pub async fn rename_user(&self, account: AccountId, user: UserId, name: String) -> Result<()> {
        self.write(move |db| {
            let changed =
                db.execute("UPDATE users SET name = ?3 WHERE account = ?1 AND id = ?2", params![account, user, name])?;
            if changed == 0 { Err(Error::NotFound) } else { Ok(()) }
        })
        .await
    }

    /// The address that somebody signs in with; a conflict where it is another's, or kept for whom another account invites.
    pub async fn set_email(&self, account: AccountId, user: UserId, email: String) -> Result<()> {
        let now = self.world().now();
        self.write(move |db| {
            if is_taken(db, &email, Some(&user))? || is_reserved(db, &email, Some(&account), now)? {
                return Err(Error::Conflict);
            }
            db.prepare_cached(MOVE_ACCOUNT)?.execute(params![account, user, email])?;
            let change = "UPDATE users SET email = ?3 WHERE account = ?1 AND id = ?2";
            let changed = db.prepare_cached(change)?.execute(params![account, user, email])?;
            if changed == 0 { Err(Error::NotFound) } else { Ok(()) }
        })
        .await
    }

    /// The same password under another hash; nothing happens if it was changed meanwhile.
    pub async fn renew_password_hash(&self, user: User, hash: String) -> Result<()> {
        self.write(move |db| {
            let renew = "UPDATE users SET password_hash = ?4 WHERE account = ?1 AND id = ?2 AND password_hash = ?3";
            db.prepare_cached(renew)?.execute(params![user.account, user.id, user.password_hash, hash])?;
            Ok(())
        })
        .await
    }

    /// Changes a password and ends every session of its user; a conflict where it was changed since `user` was read.
    pub async fn set_password(&self, user: User, hash: String) -> Result<()> {
        self.write(move |db| {
            let change = "UPDATE users SET password_hash = ?4 WHERE account = ?1 AND id = ?2 AND password_hash = ?3";
            if db.prepare_cached(change)?.execute(params![user.account, user.id, user.password_hash, hash])? == 0 {
                return Err(Error::Conflict);
            }
            let end = "DELETE FROM sessions WHERE account = ?1 AND user = ?2";
            db.prepare_cached(end)?.execute(params![user.account, user.id])?;
            Ok(())
        })
        .await
    }
}

/// Whether somebody signs in with an address, other than `but`.
pub fn is_taken(db: &Connection, email: &str, but: Option<&UserId>) -> Result<bool> {
    Ok(db.prepare_cached(TAKEN)?.exists(params![email, decomposed(email), but])?)
}

/// Whether an open invite keeps an address, other than one of `but`: whoever was invited could not come otherwise.
pub fn is_reserved(db: &Connection, email: &str, but: Option<&AccountId>, now: Time) -> Result<bool> {
    Ok(db.prepare_cached(RESERVED)?.exists(params![email, decomposed(email), but, now])?)
}

fn user_of(row: &Row) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get(0)?,
        account: row.get(1)?,
        email: row.get(2)?,
        name: row.get(3)?,
        password_hash: row.get(4)?,
        role: row.get(5)?,
    })
}
