//! The people of an account.

use rusqlite::{OptionalExtension, Row, params};

use crate::domain::account::User;
use crate::domain::id::{AccountId, UserId};
use crate::storage::{Error, Result, Store};

const BY_EMAIL: &str = "
    SELECT id, account, email, name, password_hash, role
    FROM users
    WHERE email = ?1";

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

impl Store {
    pub async fn user(&self, account: AccountId, id: UserId) -> Result<User> {
        self.read(move |db| Ok(db.prepare_cached(BY_ID)?.query_row(params![account, id], user_of)?)).await
    }

    /// Whether somebody is an owner of the server's oldest account: who set it up.
    pub async fn keeps_server(&self, user: UserId) -> Result<bool> {
        self.read(move |db| Ok(db.prepare_cached(KEEPER)?.exists([user])?)).await
    }

    /// Looked up before anyone is signed in, so across accounts.
    pub async fn user_by_email(&self, email: String) -> Result<Option<User>> {
        self.read(move |db| {
            let found = db.prepare_cached(BY_EMAIL)?.query_row([email], user_of);
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

    /// The address that somebody signs in with; a conflict where it is another's.
    pub async fn set_email(&self, account: AccountId, user: UserId, email: String) -> Result<()> {
        self.write(move |db| {
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
