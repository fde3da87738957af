//! What is forgotten after a while, a little at a time, so that no writer waits for it.

use rusqlite::{Connection, params};

use crate::domain::time::{DAY_MS, Time};
use crate::storage::{Result, Store};

const LOG_AGE_MS: i64 = 30 * DAY_MS;
/// Rows that one transaction deletes.
const ROWS_MAX: usize = 500;

const REQUESTS: &str = "
    DELETE FROM api_requests
    WHERE id IN (SELECT id FROM api_requests WHERE created_at < ?1 LIMIT ?2)";

const ATTEMPTS: &str = "
    DELETE FROM delivery_attempts
    WHERE (delivery, number) IN (SELECT delivery, number FROM delivery_attempts WHERE started_at < ?1 LIMIT ?2)";

impl Store {
    /// Forgets some of the request log and of the deliveries' tries that are older than 30 days; false when none is left.
    pub async fn forget_logs(&self, now: Time) -> Result<bool> {
        self.write(move |db| {
            let before = now.plus_ms(-LOG_AGE_MS);
            let mut full = false;
            for delete in [REQUESTS, ATTEMPTS] {
                full |= forget(db, delete, before)? == ROWS_MAX;
            }
            Ok(full)
        })
        .await
    }
}

fn forget(db: &Connection, delete: &str, before: Time) -> Result<usize> {
    let most = i64::try_from(ROWS_MAX).unwrap_or(i64::MAX);
    Ok(db.prepare_cached(delete)?.execute(params![before, most])?)
}
