//! The log of API requests, written with commits that happen anyway.

use rusqlite::params;

use crate::domain::id::{AccountId, KeyId};
use crate::domain::page::{Listed, Page};
use crate::domain::time::Time;
use crate::storage::{Result, Store};

pub struct ApiRequest {
    pub account: AccountId,
    pub key: KeyId,
    pub method: String,
    pub path: String,
    pub status: u16,
    pub duration_ms: i64,
    pub address: String,
    pub request_id: String,
    pub at: Time,
}

/// A request as it stands in the log, with the name of its key.
pub struct LoggedRequest {
    pub request: ApiRequest,
    pub key_name: String,
}

const LIST: &str = "
    SELECT r.api_key, r.method, r.path, r.status, r.duration_ms, r.address, r.request_id, r.created_at, k.name
    FROM api_requests r
    JOIN api_keys k ON k.id = r.api_key AND k.account = r.account
    WHERE r.account = ?1
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT ?2 OFFSET ?3";

const COUNT: &str = "SELECT count(*) FROM api_requests WHERE account = ?1";

const LOG: &str = "
    INSERT INTO api_requests (account, api_key, method, path, status, duration_ms, address, request_id, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

impl Store {
    /// The account's requests, newest first.
    pub async fn requests(&self, account: AccountId, page: Page) -> Result<Listed<LoggedRequest>> {
        self.read_heavy(move |db| {
            let tx = db.unchecked_transaction()?;
            let total = tx.prepare_cached(COUNT)?.query_row([&account], |row| row.get(0))?;
            let mut list = tx.prepare_cached(LIST)?;
            let rows = list.query_map(params![account, page.limit, page.offset], |row| {
                let request = ApiRequest {
                    account: account.clone(),
                    key: row.get(0)?,
                    method: row.get(1)?,
                    path: row.get(2)?,
                    status: row.get(3)?,
                    duration_ms: row.get(4)?,
                    address: row.get(5)?,
                    request_id: row.get(6)?,
                    at: row.get(7)?,
                };
                Ok(LoggedRequest { request, key_name: row.get(8)? })
            })?;
            Ok(Listed { rows: rows.collect::<rusqlite::Result<_>>()?, total })
        })
        .await
    }

    pub fn log_request(&self, r: ApiRequest) {
        self.shared.writer.run_later(move |db| {
            db.prepare_cached(LOG)?.execute(params![
                r.account,
                r.key,
                r.method,
                r.path,
                r.status,
                r.duration_ms,
                r.address,
                r.request_id,
                r.at
            ])?;
            Ok(())
        });
    }
}
