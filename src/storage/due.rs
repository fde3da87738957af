//! When each webhook is to be looked at next, and how many of its deliveries may be under way at once.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use crate::domain::id::{AccountId, WebhookId};
use crate::domain::pace::Lane;
use crate::storage::Result;

/// Deliveries of one account under way at once in a lane: together a quarter of the threads, so that nobody takes all.
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
fn next_due(which: &str) -> String {
    format!(
        "UPDATE webhooks
        SET next_due_at = CASE
            WHEN (SELECT count(*) FROM deliveries d WHERE d.webhook = webhooks.id AND d.state = 'inflight') < {PLACES}
            THEN (SELECT min(d.next_attempt_at) FROM deliveries d WHERE d.webhook = webhooks.id AND d.state = 'pending')
        END
        WHERE account = ?1 AND {which}"
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

/// Says when each webhook of the account is to be looked at next.
pub fn schedule(db: &Connection, account: &AccountId) -> Result<()> {
    for lane in Lane::ALL {
        if places_of_account(db, account, lane)? > 0 {
            db.prepare_cached(&next_due("lane = ?2"))?.execute(params![account, lane.as_str()])?;
        } else {
            db.prepare_cached(NOT_DUE)?.execute(params![account, lane.as_str()])?;
        }
    }
    Ok(())
}

/// Says it for those webhooks of a lane whose deliveries were claimed or have ended; for all of an account that had or has no
/// places left there, since that concerns each of them.
pub fn schedule_touched<'a>(
    db: &Connection,
    lane: Lane,
    touched: impl IntoIterator<Item = (&'a AccountId, &'a WebhookId)>,
) -> Result<()> {
    let mut moved: BTreeMap<&AccountId, Vec<&WebhookId>> = BTreeMap::new();
    for (account, webhook) in touched {
        moved.entry(account).or_default().push(webhook);
    }
    for (account, webhooks) in moved {
        let once: BTreeSet<&WebhookId> = webhooks.iter().copied().collect();
        if places_of_account(db, account, lane)? <= i64::try_from(webhooks.len()).unwrap_or(i64::MAX) {
            schedule(db, account)?;
            continue;
        }
        for webhook in once {
            db.prepare_cached(&next_due("id = ?2"))?.execute(params![account, webhook])?;
        }
    }
    Ok(())
}

/// An account that is named several times is looked at once.
pub fn schedule_each<'a>(db: &Connection, accounts: impl IntoIterator<Item = &'a AccountId>) -> Result<()> {
    let once: BTreeSet<&AccountId> = accounts.into_iter().collect();
    once.into_iter().try_for_each(|account| schedule(db, account))
}
