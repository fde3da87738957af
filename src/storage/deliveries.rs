//! Deliveries: recorded when they were tried, given back when nobody tries them; a late worker cannot write over its successor.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::id::{AccountId, WebhookId};
use crate::domain::pace::{Lane, Pace, Reaction};
use crate::domain::time::{DAY_MS, HOUR_MS, Time};
use crate::storage::claims::Claim;
use crate::storage::columns::unreadable;
use crate::storage::due::schedule_each;
use crate::storage::{Result, Store};

/// A webhook that has done nothing but fail for this long is disabled.
const FAILING_MAX_MS: i64 = 5 * DAY_MS;
/// What waits for a webhook that has been disabled for longer is not sent by itself any more.
const EXPIRY_MS: i64 = 72 * HOUR_MS;
/// Deliveries that one statement expires.
const EXPIRED_MAX: i64 = 500;
/// A delivery during which the process died this often is given up: it may be what kills it. Many more than an operator
/// has bad days.
const INTERRUPTS_MAX: i64 = 100;

/// What became of a delivery after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Delivered,
    RetryAt(Time),
    Exhausted,
    /// The endpoint says that it is gone: no delivery goes there any more.
    Gone,
}

/// One try, as the inspector shows it.
#[derive(Clone, Debug)]
pub struct Tried {
    pub started_at: Time,
    pub duration_ms: i64,
    pub status: Option<u16>,
    pub error: Option<&'static str>,
    pub response_headers: String,
    pub response_body: String,
    pub outcome: Outcome,
    pub reaction: Reaction,
}

/// Which claims are given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// All of them, at a start: whoever held them died, since this process holds the folder.
    Orphaned,
    /// Those whose lease has ended.
    Expired,
    /// All of them, at a stop: they were never tried, so it counts for nothing.
    Untried,
}

/// What was sent again by hand returns to what it was if it fails, and schedules nothing.
const RECORD: &str = "
    UPDATE deliveries
    SET state = CASE WHEN ?4 = 'delivered' THEN ?4 ELSE coalesce(resent_from, ?4) END,
        next_attempt_at = CASE WHEN resent_from IS NULL THEN ?5 END,
        finished_at = CASE WHEN resent_from IS NULL THEN ?6 ELSE ?9 END,
        attempts = attempts + 1, last_status = ?7, last_error = ?8, lease = NULL, lease_until = NULL, resent_from = NULL
    WHERE account = ?1 AND id = ?2 AND lease = ?3
    RETURNING attempts";

const PACE: &str = "SELECT lane, streak FROM webhooks WHERE account = ?1 AND id = ?2";

const NOTE_TRY: &str = "
    UPDATE webhooks
    SET last_triggered_at = ?3, failing_since = CASE WHEN ?4 THEN coalesce(failing_since, ?5) END, lane = ?6, streak = ?7
    WHERE account = ?1 AND id = ?2
    RETURNING failing_since";

/// At a start, whatever waits is looked for once.
const EVERY_ACCOUNT: &str = "SELECT DISTINCT account FROM webhooks";

const LONG_DISABLED: &str = "
    SELECT id
    FROM webhooks
    WHERE status = 'disabled' AND disabled_at <= ?1";

const WAITS: &str = "SELECT 1 FROM deliveries WHERE webhook = ?1 AND state = 'pending' LIMIT 1";

const DISABLE: &str = "
    UPDATE webhooks
    SET status = 'disabled', disabled_reason = ?3, disabled_at = ?4
    WHERE account = ?1 AND id = ?2 AND status = 'active' AND url = ?5";

const EXPIRE: &str = "
    UPDATE deliveries
    SET state = 'canceled', finished_at = ?2, next_attempt_at = NULL, last_error = 'expired'
    WHERE id IN (
        SELECT id FROM deliveries
        WHERE webhook = ?1 AND state = 'pending'
        ORDER BY next_attempt_at, id
        LIMIT ?3)";

const ATTEMPT: &str = "
    INSERT INTO delivery_attempts (delivery, number, account, started_at, duration_ms, status, error, response_headers, response_body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const RELEASE: &str = "
    UPDATE deliveries
    SET state = CASE WHEN interrupts + ?4 < ?2 THEN 'pending' ELSE coalesce(resent_from, 'exhausted') END,
        next_attempt_at = CASE WHEN interrupts + ?4 < ?2 THEN ?1 END,
        finished_at = CASE WHEN interrupts + ?4 < ?2 THEN NULL ELSE ?1 END,
        last_error = CASE ?4 WHEN 0 THEN last_error ELSE 'interrupted' END,
        interrupts = interrupts + ?4, lease = NULL, lease_until = NULL
    WHERE state = 'inflight' AND webhook IN (SELECT id FROM webhooks) AND lease_until <= ?3
    RETURNING account";

impl Store {
    /// Records how tries ended, together. A claim whose lease has passed to another changes nothing.
    pub async fn record_deliveries(&self, tries: Arc<[(Claim, Tried)]>) -> Result<()> {
        let now = self.world().now();
        self.write(move |db| {
            for (claim, tried) in tries.iter() {
                record(db, claim, tried, now)?;
            }
            schedule_each(db, tries.iter().map(|(claim, _)| &claim.account))
        })
        .await
    }

    /// Gives up what has waited too long for a disabled webhook, a part at a time; false when nothing is left.
    pub async fn expire_deliveries(&self) -> Result<bool> {
        let now = self.world().now();
        let Some(webhook) = self.read(move |db| awaited_in_vain(db, now.plus_ms(-EXPIRY_MS))).await? else { return Ok(false) };
        self.write(move |db| Ok(db.prepare_cached(EXPIRE)?.execute(params![webhook, now, EXPIRED_MAX])? > 0)).await
    }

    /// Gives back claims that nobody works on any more.
    pub async fn release_deliveries(&self, which: Release) -> Result<usize> {
        let now = self.world().now();
        let ended_before = if which == Release::Expired { now } else { Time::from_ms(i64::MAX) };
        let any = self
            .read(move |db| {
                let mut find =
                    db.prepare_cached("SELECT 1 FROM deliveries WHERE state = 'inflight' AND lease_until <= ?1 LIMIT 1")?;
                Ok(find.exists([ended_before])?)
            })
            .await?;
        if !any && which != Release::Orphaned {
            return Ok(0);
        }
        let interrupted = i64::from(which != Release::Untried);
        self.write(move |db| {
            let mut release = db.prepare_cached(RELEASE)?;
            let rows = release.query_map(params![now, INTERRUPTS_MAX, ended_before, interrupted], |row| row.get(0))?;
            let released = rows.collect::<rusqlite::Result<Vec<AccountId>>>()?;
            if which == Release::Orphaned {
                let mut list = db.prepare(EVERY_ACCOUNT)?;
                let accounts = list.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<AccountId>>>()?;
                schedule_each(db, &accounts)?;
            } else {
                schedule_each(db, &released)?;
            }
            Ok(released.len())
        })
        .await
    }
}

fn awaited_in_vain(db: &Connection, disabled_before: Time) -> Result<Option<WebhookId>> {
    let (mut disabled, mut waits) = (db.prepare_cached(LONG_DISABLED)?, db.prepare_cached(WAITS)?);
    for webhook in disabled.query_map([disabled_before], |row| row.get(0))? {
        let webhook: WebhookId = webhook?;
        if waits.exists([&webhook])? {
            return Ok(Some(webhook));
        }
    }
    Ok(None)
}

fn record(db: &Connection, claim: &Claim, tried: &Tried, now: Time) -> Result<()> {
    let (state, next, finished) = match tried.outcome {
        Outcome::Delivered => ("delivered", None, Some(now)),
        Outcome::RetryAt(at) => ("pending", Some(at), None),
        Outcome::Exhausted | Outcome::Gone => ("exhausted", None, Some(now)),
    };
    let values = params![claim.account, claim.delivery, claim.lease, state, next, finished, tried.status, tried.error, now];
    let number: Option<i64> = db.prepare_cached(RECORD)?.query_row(values, |row| row.get(0)).optional()?;
    let Some(number) = number else { return Ok(()) };
    db.prepare_cached(ATTEMPT)?.execute(params![
        claim.delivery,
        number,
        claim.account,
        tried.started_at,
        tried.duration_ms,
        tried.status,
        tried.error,
        tried.response_headers,
        tried.response_body
    ])?;
    let failing_since = note_try(db, claim, tried, now)?;
    if tried.outcome == Outcome::Gone {
        disable(db, claim, "gone", now)?;
    } else if failing_since.is_some_and(|since| now.since(since) >= FAILING_MAX_MS) {
        tracing::warn!(webhook = %claim.webhook, "a webhook has only failed for five days and is disabled");
        disable(db, claim, "failing", now)?;
    }
    Ok(())
}

/// What the try says of its webhook: since when it has only failed, if it has, and which lane it belongs in.
fn note_try(db: &Connection, claim: &Claim, tried: &Tried, now: Time) -> Result<Option<Time>> {
    let known = db.prepare_cached(PACE)?.query_row(params![claim.account, claim.webhook], |row| {
        Ok(Pace { lane: lane_of(&row.get::<_, String>(0)?)?, streak: row.get(1)? })
    });
    // A webhook that was deleted meanwhile has nothing to be noted.
    let Some(pace) = known.optional()? else { return Ok(None) };
    let (pace, failed) = (pace.after(tried.reaction), tried.outcome != Outcome::Delivered);
    let mut note = db.prepare_cached(NOTE_TRY)?;
    let values = params![claim.account, claim.webhook, tried.started_at, failed, now, pace.lane.as_str(), pace.streak];
    Ok(note.query_row(values, |row| row.get(0))?)
}

fn lane_of(text: &str) -> rusqlite::Result<Lane> {
    Lane::parse(text).ok_or_else(|| unreadable("lane"))
}

/// Unless it has been moved or switched off meanwhile: that was not said of where it leads now.
fn disable(db: &Connection, claim: &Claim, reason: &str, now: Time) -> Result<()> {
    db.prepare_cached(DISABLE)?.execute(params![claim.account, claim.webhook, reason, now, claim.url])?;
    Ok(())
}
