//! What can be said of a data folder from outside, without changing it: for `chatforge doctor`.

use std::path::Path;

use rusqlite::Connection;

use crate::storage::schema::{DATABASE, filled, recognise, take_lock};
use crate::storage::{Error, Result, soundness};

pub struct Checkup {
    /// Of the database with its log.
    pub size_bytes: u64,
    /// Migrations that the next start runs.
    pub behind: usize,
    pub accounts: i64,
    /// Those that were disabled for their failures, and those that fail.
    pub webhooks_disabled: i64,
    pub webhooks_failing: i64,
    /// Secrets that only the right master key opens: where each stands, and what it holds.
    pub sealed: i64,
}

const ACCOUNTS: &str = "SELECT count(*) FROM accounts";

const WEBHOOKS: &str = "
    SELECT count(*) FILTER (WHERE status = 'disabled' AND disabled_reason <> 'manual'),
           count(*) FILTER (WHERE status = 'active' AND failing_since IS NOT NULL),
           count(*)
    FROM webhooks";

/// Reads every page; none where there is no database yet.
pub fn check(folder: &Path) -> Result<Option<Checkup>> {
    let path = folder.join(DATABASE);
    soundness::before_opening(folder)?;
    let Some(data) = std::fs::metadata(&path).ok().filter(|data| data.len() > 0) else { return Ok(None) };
    let size_bytes = data.len() + soundness::log_bytes(&path);
    let (db, behind) = open(&path).map_err(|error| soundness::worsened(&path, error))?;
    // An older database may lack what is asked for; it is migrated first.
    if behind > 0 {
        return Ok(Some(Checkup { size_bytes, behind, accounts: 0, webhooks_disabled: 0, webhooks_failing: 0, sealed: 0 }));
    }
    let accounts = db.query_row(ACCOUNTS, [], |row| row.get(0))?;
    let (webhooks_disabled, webhooks_failing, sealed) =
        db.query_row(WEBHOOKS, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(Some(Checkup { size_bytes, behind, accounts, webhooks_disabled, webhooks_failing, sealed }))
}

fn open(path: &Path) -> Result<(Connection, usize)> {
    let db = soundness::connect(path)?;
    recognise(&db)?;
    let behind = filled(&db)?;
    let verdict: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok((db, behind)) } else { Err(Error::Corrupt(verdict)) }
}

/// Whether a server holds the folder.
pub fn is_served(folder: &Path) -> Result<bool> {
    Ok(take_lock(folder)?.is_none())
}

/// Bytes that are free on the folder's disk.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}
