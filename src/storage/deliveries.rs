//! Deliveries: recorded when they were tried, given back when nobody tries them; a late worker cannot write over its successor.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use crate::domain::id::WebhookId;
use crate::domain::pace::{Pace, Reaction};
use crate::domain::time::{DAY_MS, HOUR_MS, Time};
use crate::storage::claims::{self, Claim, Room};
use crate::storage::columns::lane_of;
use crate::storage::endings::Endings;
use crate::storage::events::Outbox;
use crate::storage::under_way::UnderWay;
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

/// Why all claims are given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// At a start: whoever held them died, since this process holds the folder.
    Orphaned,
    /// At a stop: they were never tried, so it counts for nothing.
    Untried,
}

const RECORD: &str = "
    UPDATE deliveries
    SET state = ?4, next_attempt_at = ?5, finished_at = ?6, attempts = ?7, last_status = ?8, last_error = ?9,
        lease = NULL, lease_until = NULL, resent_from = NULL
    WHERE seq = ?2 AND account = ?1 AND lease = ?3";

const PACE: &str = "
    SELECT lane, streak, failing_since
    FROM webhooks
    WHERE account = ?1 AND id = ?2";

const NOTE_TRIES: &str = "
    UPDATE webhooks
    SET last_triggered_at = ?3, failing_since = ?4, streak = ?5
    WHERE account = ?1 AND id = ?2";

const CHANGE_LANE: &str = "
    UPDATE webhooks
    SET lane = ?3
    WHERE account = ?1 AND id = ?2";

/// At a start, whatever waits is looked for once.
const RESCHEDULE_ALL: &str = "
    UPDATE webhooks
    SET next_due_at = (SELECT min(next_attempt_at) FROM deliveries d WHERE d.webhook = webhooks.id AND d.state = 'pending')";

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
    WHERE seq IN (SELECT seq FROM deliveries WHERE webhook = ?1 AND state = 'pending' LIMIT ?3)";

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
    WHERE state = 'inflight' AND lease_until <= ?3
    RETURNING account, webhook, state";

impl Store {
    /// Records how tries ended, takes back what nobody works on any more, and claims what is due for the threads that are
    /// free: all in one transaction, since it happens all the time. A claim whose lease has passed to another changes nothing.
    pub async fn exchange_deliveries(&self, tries: Arc<[(Claim, Tried)]>, room: Room) -> Result<Vec<Claim>> {
        let outbox = self.outbox();
        self.write_repeatable(move |db| {
            let now = outbox.world.now();
            record(db, &outbox, &tries, now)?;
            let mut under_way = UnderWay::count(db)?;
            if under_way.lease_until.is_some_and(|ends| ends <= now) {
                release(db, &outbox, now, now, true)?;
                under_way = UnderWay::count(db)?;
            }
            claims::claim(db, &outbox.world, outbox.bell.withdrawals(), &mut under_way, room)
        })
        .await
    }

    /// Gives up what has waited too long for a disabled webhook, a part at a time; false when nothing is left.
    pub async fn expire_deliveries(&self) -> Result<bool> {
        let now = self.world().now();
        let Some(webhook) = self.read(move |db| awaited_in_vain(db, now.plus_ms(-EXPIRY_MS))).await? else { return Ok(false) };
        self.write(move |db| Ok(db.prepare_cached(EXPIRE)?.execute(params![webhook, now, EXPIRED_MAX])? > 0)).await
    }

    /// Gives back all claims.
    pub async fn release_deliveries(&self, which: Release) -> Result<()> {
        let outbox = self.outbox();
        self.write(move |db| {
            release(db, &outbox, outbox.world.now(), Time::from_ms(i64::MAX), which == Release::Orphaned)?;
            if which == Release::Orphaned {
                db.prepare(RESCHEDULE_ALL)?.execute([])?;
            }
            Ok(())
        })
        .await
    }
}

fn release(db: &Connection, outbox: &Outbox, now: Time, ended_before: Time, interrupted: bool) -> Result<()> {
    let mut release = db.prepare_cached(RELEASE)?;
    let given_back = params![now, INTERRUPTS_MAX, ended_before, interrupted];
    let rows = release.query_map(given_back, |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)))?;
    for (account, webhook, state) in rows.collect::<rusqlite::Result<Vec<_>>>()? {
        Endings::default().with(&state).count(db, &account, &webhook, now)?;
        outbox.schedule(db, &account, &webhook, now)?;
    }
    Ok(())
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

/// What tries say of one webhook, which is noted once.
#[derive(Default)]
struct Noted<'a> {
    tries: Vec<&'a (Claim, Tried)>,
    endings: Endings,
}

fn record(db: &Connection, outbox: &Outbox, tries: &[(Claim, Tried)], now: Time) -> Result<()> {
    let mut of_webhooks: BTreeMap<&WebhookId, Noted> = BTreeMap::new();
    let mut records = (db.prepare_cached(RECORD)?, db.prepare_cached(ATTEMPT)?);
    for ended in tries {
        if let Some(state) = record_try(&mut records, &ended.0, &ended.1, now)? {
            let noted = of_webhooks.entry(&ended.0.webhook).or_default();
            noted.tries.push(ended);
            noted.endings = noted.endings.with(state);
        }
    }
    of_webhooks.values().try_for_each(|noted| note_tries(db, outbox, noted, now))
}

/// The state that the delivery is in then; none if the claim had passed to another.
fn record_try<'a>(
    (record, attempt): &mut (CachedStatement, CachedStatement),
    claim: &'a Claim,
    tried: &Tried,
    now: Time,
) -> Result<Option<&'a str>> {
    let (state, next, finished) = match (tried.outcome, claim.resent_from.as_deref()) {
        (Outcome::Delivered, _) => ("delivered", None, Some(now)),
        // What was sent again by hand returns to what it was if it fails, and schedules nothing.
        (_, Some(before)) => (before, None, Some(now)),
        (Outcome::RetryAt(at), None) => ("pending", Some(at), None),
        (Outcome::Exhausted | Outcome::Gone, None) => ("exhausted", None, Some(now)),
    };
    let (Claim { account, seq, lease, .. }, Tried { status, error, .. }) = (claim, tried);
    let number = claim.attempts + 1;
    let values = params![account, seq, lease, state, next, finished, number, status, error];
    if record.execute(values)? == 0 {
        return Ok(None);
    }
    attempt.execute(params![
        seq,
        number,
        account,
        tried.started_at,
        tried.duration_ms,
        tried.status,
        tried.error,
        tried.response_headers,
        tried.response_body
    ])?;
    Ok(Some(state))
}

/// Since when the webhook has only failed, if it has, which lane it belongs in, and when to look at it again.
fn note_tries(db: &Connection, outbox: &Outbox, noted: &Noted, now: Time) -> Result<()> {
    let Noted { tries, endings } = noted;
    let Some((claim, last)) = tries.last() else { return Ok(()) };
    let known = db.prepare_cached(PACE)?.query_row(params![claim.account, claim.webhook], |row| {
        Ok((Pace { lane: lane_of(&row.get::<_, String>(0)?)?, streak: row.get(1)? }, row.get::<_, Option<Time>>(2)?))
    });
    // A webhook that was deleted meanwhile has nothing to be noted.
    let Some((before, mut failing_since)) = known.optional()? else { return Ok(()) };
    endings.count(db, &claim.account, &claim.webhook, now)?;
    let mut pace = before;
    for (_, tried) in tries {
        pace = pace.after(tried.reaction);
        failing_since = (tried.outcome != Outcome::Delivered).then(|| failing_since.unwrap_or(now));
        if let Outcome::RetryAt(at) = tried.outcome {
            outbox.schedule(db, &claim.account, &claim.webhook, at)?;
        }
    }
    let noted = params![claim.account, claim.webhook, last.started_at, failing_since, pace.streak];
    db.prepare_cached(NOTE_TRIES)?.execute(noted)?;
    if pace.lane != before.lane {
        db.prepare_cached(CHANGE_LANE)?.execute(params![claim.account, claim.webhook, pace.lane.as_str()])?;
    }
    if let Some((claim, _)) = tries.iter().rfind(|(_, tried)| tried.outcome == Outcome::Gone) {
        disable(db, outbox, claim, "gone", now)?;
    } else if failing_since.is_some_and(|since| now.since(since) >= FAILING_MAX_MS) {
        tracing::warn!(webhook = %claim.webhook, "a webhook was disabled because every delivery failed for five days");
        disable(db, outbox, claim, "failing", now)?;
    }
    Ok(())
}

/// Unless it has been moved or switched off meanwhile: that was not said of where it leads now.
fn disable(db: &Connection, outbox: &Outbox, claim: &Claim, reason: &str, now: Time) -> Result<()> {
    db.prepare_cached(DISABLE)?.execute(params![claim.account, claim.webhook, reason, now, claim.url])?;
    outbox.bell.withdraw();
    Ok(())
}
