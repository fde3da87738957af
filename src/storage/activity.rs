//! The log of API requests, written with commits that happen anyway.

use rusqlite::params;

use crate::domain::id::{AccountId, KeyId};
use crate::domain::time::Time;
use crate::storage::Store;

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

const LOG: &str = "
    INSERT INTO api_requests (account, api_key, method, path, status, duration_ms, address, request_id, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

impl Store {
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
