//! Answers that are given again: kept in the transaction of their effect, so that neither exists without the other.

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::id::{AccountId, KeyId};
use crate::domain::time::{DAY_MS, Time};
use crate::storage::{Error, Result, Store};

/// An `Idempotency-Key` is remembered for this long.
pub const AGE_MS: i64 = DAY_MS;

/// A request that must take effect once.
#[derive(Clone, Debug)]
pub struct OnceKey {
    pub account: AccountId,
    /// Another key of the account may not be allowed to see the answer.
    pub api_key: KeyId,
    pub key: String,
    /// Of method, path and body: the same key with another request is a mistake of the caller.
    pub fingerprint: [u8; 32],
}

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    pub status: u16,
    pub location: Option<String>,
    pub body: Vec<u8>,
}

/// What to keep of an effect, if the caller asked for it.
pub struct Keep<T>(pub Option<(OnceKey, Render<T>)>);

type Render<T> = Box<dyn FnOnce(&T) -> KeptAnswer + Send>;

pub enum Earlier {
    /// This request was never seen.
    None,
    Same(KeptAnswer),
    OtherRequest,
}

const FIND: &str = "
    SELECT fingerprint, status, location, body
    FROM idempotency_keys
    WHERE account = ?1 AND api_key = ?2 AND key = ?3 AND ?4 < created_at";

const INSERT: &str = "
    INSERT INTO idempotency_keys (account, api_key, key, fingerprint, status, location, body, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const FORGET: &str = "
    DELETE FROM idempotency_keys
    WHERE account = ?1 AND api_key = ?2 AND key = ?3";

impl<T> Keep<T> {
    pub const fn nothing() -> Self {
        Self(None)
    }
}

impl Store {
    pub async fn earlier_answer(&self, once: OnceKey) -> Result<Earlier> {
        let since = self.world().now().plus_ms(-AGE_MS);
        self.read(move |db| earlier(db, &once, since)).await
    }

    /// Writes, and keeps the answer of it in the same transaction. A request that has been answered meanwhile fails as
    /// busy: asked again, it finds the answer.
    pub(in crate::storage) async fn write_once<T, F>(&self, keep: Keep<T>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let now = self.world().now();
        self.write(move |db| {
            let Keep(Some((once, render))) = keep else { return work(db) };
            if !matches!(earlier(db, &once, now.plus_ms(-AGE_MS))?, Earlier::None) {
                return Err(Error::Busy);
            }
            let made = work(db)?;
            let answer = render(&made);
            db.prepare_cached(FORGET)?.execute(params![once.account, once.api_key, once.key])?;
            db.prepare_cached(INSERT)?.execute(params![
                once.account,
                once.api_key,
                once.key,
                once.fingerprint,
                answer.status,
                answer.location,
                answer.body,
                now
            ])?;
            Ok(made)
        })
        .await
    }
}

fn earlier(db: &Connection, once: &OnceKey, since: Time) -> Result<Earlier> {
    let mut find = db.prepare_cached(FIND)?;
    let found = find.query_row(params![once.account, once.api_key, once.key, since], |row| {
        let answer = KeptAnswer { status: row.get(1)?, location: row.get(2)?, body: row.get(3)? };
        Ok((row.get::<_, [u8; 32]>(0)?, answer))
    });
    Ok(match found.optional()? {
        None => Earlier::None,
        Some((fingerprint, answer)) if fingerprint == once.fingerprint => Earlier::Same(answer),
        Some(_) => Earlier::OtherRequest,
    })
}
