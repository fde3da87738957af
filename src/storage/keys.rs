//! API keys, by the hash of what their holder sends.

use rusqlite::{OptionalExtension, Row, params};

use crate::domain::account::{Account, ApiKey, KEYS_ACTIVE_MAX, Permission};
use crate::domain::id::{AccountId, KeyId, UserId};
use crate::domain::time::{MINUTE_MS, Time};
use crate::storage::columns::unreadable;
use crate::storage::{Error, Result, Store, draw};

const COLUMNS: &str = "k.id, k.account, k.name, k.prefix, k.permissions, k.created_at, k.last_used_at, k.revoked_at";

const BY_HASH: &str = "
    FROM api_keys k
    JOIN accounts a ON a.id = k.account
    WHERE k.hash = ?1 AND k.revoked_at IS NULL";

const CREATE: &str = "
    INSERT INTO api_keys (id, account, hash, prefix, name, permissions, created_at, created_by)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

pub struct NewKey {
    pub name: String,
    pub permissions: Vec<Permission>,
    pub hash: [u8; 32],
    pub prefix: String,
    /// The person whose it is: it goes with them. A key that the command line made is the account's.
    pub created_by: Option<UserId>,
}

impl Store {
    /// Keeps a new key; refused while the account has as many active ones as it may.
    pub async fn create_key(&self, account: AccountId, new: NewKey) -> Result<ApiKey> {
        let NewKey { name, permissions, hash, prefix, created_by } = new;
        let world = self.world().clone();
        self.write(move |db| {
            let active: i64 =
                db.query_row("SELECT count(*) FROM api_keys WHERE account = ?1 AND revoked_at IS NULL", [&account], |row| {
                    row.get(0)
                })?;
            if usize::try_from(active).is_ok_and(|active| active >= KEYS_ACTIVE_MAX) {
                return Err(Error::LimitReached);
            }
            let id: KeyId = draw(db, &world, "api_keys")?;
            let now = world.now();
            let permitted = Permission::join(&permissions);
            db.prepare_cached(CREATE)?.execute(params![id, account, hash, prefix, name, permitted, now, created_by])?;
            Ok(ApiKey { id, account, name, prefix, permissions, created_at: now, last_used_at: None, revoked_at: None })
        })
        .await
    }

    pub async fn keys(&self, account: AccountId) -> Result<Vec<ApiKey>> {
        self.read(move |db| {
            let mut list = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM api_keys k WHERE k.account = ?1 ORDER BY k.created_at DESC, k.id DESC"
            ))?;
            Ok(list.query_map([account], key_of)?.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// The key with this hash and its account, unless it was revoked.
    pub async fn key_holder(&self, hash: [u8; 32]) -> Result<Option<(ApiKey, Account)>> {
        self.read(move |db| {
            let mut find =
                db.prepare_cached(&format!("SELECT {COLUMNS}, a.id, a.name, a.email, a.plan, a.created_at {BY_HASH}"))?;
            let found = find.query_row(params![hash], |row| {
                let account = Account {
                    id: row.get(8)?,
                    name: row.get(9)?,
                    email: row.get(10)?,
                    plan: row.get(11)?,
                    created_at: row.get(12)?,
                };
                Ok((key_of(row)?, account))
            });
            Ok(found.optional()?)
        })
        .await
    }

    /// Notes that the key was used, at most once a minute.
    pub fn note_key_use(&self, key: &ApiKey, now: Time) {
        if key.last_used_at.is_some_and(|last| now.since(last) < MINUTE_MS) {
            return;
        }
        let (account, id) = (key.account.clone(), key.id.clone());
        self.shared.writer.run_later(move |db| {
            db.prepare_cached("UPDATE api_keys SET last_used_at = ?3 WHERE account = ?1 AND id = ?2")?
                .execute(params![account, id, now])?;
            Ok(())
        });
    }

    pub async fn revoke_key(&self, account: AccountId, id: KeyId) -> Result<()> {
        let now = self.world().now();
        self.write(move |db| {
            let changed = db.execute(
                "UPDATE api_keys SET revoked_at = ?3 WHERE account = ?1 AND id = ?2 AND revoked_at IS NULL",
                params![account, id, now],
            )?;
            if changed == 0 { Err(Error::NotFound) } else { Ok(()) }
        })
        .await
    }
}

fn key_of(row: &Row) -> rusqlite::Result<ApiKey> {
    let permissions: String = row.get(4)?;
    Ok(ApiKey {
        id: row.get(0)?,
        account: row.get(1)?,
        name: row.get(2)?,
        prefix: row.get(3)?,
        permissions: Permission::parse_list(&permissions).map_err(|_| unreadable("permissions"))?,
        created_at: row.get(5)?,
        last_used_at: row.get(6)?,
        revoked_at: row.get(7)?,
    })
}
