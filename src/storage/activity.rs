//! The log of API requests, written with commits that happen anyway.

use rusqlite::{Connection, Row, params};

use crate::domain::activity::{Behind, Outcome, RequestFilter};
use crate::domain::id::{AccountId, KeyId};
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

const COLUMNS: &str = "r.id, r.api_key, r.method, r.path, r.status, r.duration_ms, r.address, r.request_id, r.created_at, k.name";

/// Whether a row is wanted; those of the key and the time are found by their index.
const FITS: &str = "
    (?5 IS NULL OR r.method = ?5) AND ?6 <= r.status AND r.status < ?7 AND (?8 IS NULL OR instr(r.path, ?8) > 0)";

const WINDOW: &str = "
    JOIN api_keys k ON k.id = r.api_key AND k.account = r.account
    WHERE r.account = ?1 AND ?3 <= r.created_at AND r.created_at <= ?2 AND (r.created_at < ?2 OR r.id < ?4)";

/// Rows that one page looks through for those that fit: past them it says so and offers to look further back.
const EXAMINED_MAX: usize = 750;

/// A page of the log, and behind which row the next one begins.
pub struct Requests {
    pub rows: Vec<LoggedRequest>,
    pub next: Option<Behind>,
}

const LOG: &str = "
    INSERT INTO api_requests (account, api_key, method, path, status, duration_ms, address, request_id, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

impl Store {
    /// At most `limit` of the account's requests, newest first; fewer where only few of many rows fit.
    pub async fn requests(
        &self,
        account: AccountId,
        filter: RequestFilter,
        after: Option<Behind>,
        limit: usize,
    ) -> Result<Requests> {
        self.read_heavy(move |db| examine(db, &account, &filter, after, limit)).await
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

fn examine(
    db: &Connection,
    account: &AccountId,
    filter: &RequestFilter,
    after: Option<Behind>,
    limit: usize,
) -> Result<Requests> {
    let (from, until) = filter.span();
    let (lowest, beyond) = filter.outcome.map_or((0, u16::MAX), Outcome::statuses);
    let before = after.filter(|after| after.at < until).unwrap_or(Behind { at: until.plus_ms(-1), row: i64::MAX });
    let mut find = db.prepare_cached(&statement(filter))?;
    let values = params![account, before.at, from, before.row, filter.method, lowest, beyond, filter.path, filter.key];
    let mut rows = find.query(values)?;
    let mut found = Requests { rows: Vec::new(), next: None };
    let (mut seen, mut last) = (0, None);
    while let Some(row) = rows.next()? {
        // Another row is there: this page is full, or has looked far enough.
        if found.rows.len() == limit || seen == EXAMINED_MAX {
            found.next = last;
            break;
        }
        seen += 1;
        last = Some(Behind { at: row.get(8)?, row: row.get(0)? });
        if row.get(10)? {
            found.rows.push(logged(account, row)?);
        }
    }
    Ok(found)
}

/// One text for each index that finds the rows.
fn statement(filter: &RequestFilter) -> String {
    let refused = filter.outcome.is_some_and(|outcome| outcome != Outcome::Answered);
    let (index, named) = match &filter.key {
        Some(_) => ("api_requests_by_key", "AND r.api_key = ?9"),
        None if refused => ("api_requests_refused", "AND r.status >= 400 AND ?9 IS NULL"),
        None => ("api_requests_by_account", "AND ?9 IS NULL"),
    };
    format!(
        "SELECT {COLUMNS}, {FITS} FROM api_requests r INDEXED BY {index} {WINDOW} {named}
         ORDER BY r.created_at DESC, r.id DESC"
    )
}

fn logged(account: &AccountId, row: &Row) -> rusqlite::Result<LoggedRequest> {
    let request = ApiRequest {
        account: account.clone(),
        key: row.get(1)?,
        method: row.get(2)?,
        path: row.get(3)?,
        status: row.get(4)?,
        duration_ms: row.get(5)?,
        address: row.get(6)?,
        request_id: row.get(7)?,
        at: row.get(8)?,
    };
    Ok(LoggedRequest { request, key_name: row.get(9)? })
}
