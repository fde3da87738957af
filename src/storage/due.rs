//! When each webhook is to be looked at next, and how many of its deliveries may be under way at once.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use crate::domain::id::AccountId;
use crate::domain::pace::Lane;
use crate::storage::Result;

/// Deliveries of one account under way at once in a lane: together a quarter of the threads
/// that there are unless told otherwise, so that nobody takes all.
const fn of_account_max(lane: Lane) -> i64 {
    match lane {
        Lane::Fast => 6,
        Lane::Slow => 2,
    }
}

/// Two at once for an endpoint of the fast lane whose last try went well, one for every other: what is new, failing or
/// slow has to show first that it answers.
const PLACES: &str = "CASE WHEN lane = 'fast' AND last_triggered_at IS NOT NULL AND failing_since IS NULL THEN 2 ELSE 1 END";

const INFLIGHT_OF_ACCOUNT: &str = "
    SELECT count(*)
    FROM deliveries d
    JOIN webhooks w ON w.id = d.webhook AND w.account = d.account
    WHERE d.account = ?1 AND d.state = 'inflight' AND w.lane = ?2";

/// A webhook with all its places taken is not due, whatever waits: it must not hide those that are.
fn next_due() -> String {
    format!(
        "UPDATE webhooks
        SET next_due_at = CASE
            WHEN (SELECT count(*) FROM deliveries d WHERE d.webhook = webhooks.id AND d.state = 'inflight') < {PLACES}
            THEN (SELECT min(d.next_attempt_at) FROM deliveries d WHERE d.webhook = webhooks.id AND d.state = 'pending')
        END
        WHERE account = ?1 AND lane = ?2"
    )
}

const NOT_DUE: &str = "UPDATE webhooks SET next_due_at = NULL WHERE account = ?1 AND lane = ?2";

/// How many more deliveries of a webhook may be claimed, were it alone in its account.
pub fn places_sql() -> String {
    format!("{PLACES} - (SELECT count(*) FROM deliveries d WHERE d.webhook = webhooks.id AND d.state = 'inflight')")
}

/// How many more deliveries of an account may be claimed in a lane.
pub fn places_of_account(db: &Connection, account: &AccountId, lane: Lane) -> Result<i64> {
    let mut count = db.prepare_cached(INFLIGHT_OF_ACCOUNT)?;
    let inflight: i64 = count.query_row(params![account, lane.as_str()], |row| row.get(0))?;
    Ok(of_account_max(lane) - inflight)
}

/// Says when each webhook of the account is to be looked at next. All of them, whichever has changed: a place that becomes
/// free may be what any other waits for.
pub fn schedule(db: &Connection, account: &AccountId) -> Result<()> {
    for lane in Lane::ALL {
        if places_of_account(db, account, lane)? > 0 {
            db.prepare_cached(&next_due())?.execute(params![account, lane.as_str()])?;
        } else {
            db.prepare_cached(NOT_DUE)?.execute(params![account, lane.as_str()])?;
        }
    }
    Ok(())
}

/// An account that is named several times is looked at once.
pub fn schedule_each<'a>(db: &Connection, accounts: impl IntoIterator<Item = &'a AccountId>) -> Result<()> {
    let once: BTreeSet<&AccountId> = accounts.into_iter().collect();
    once.into_iter().try_for_each(|account| schedule(db, account))
}
