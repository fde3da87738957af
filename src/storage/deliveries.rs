//! Deliveries: claimed under a lease, tried, and recorded; a late worker cannot write over its successor.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::id::{AccountId, DeliveryId, EventId, WebhookId};
use crate::domain::pace::{Lane, Pace, Reaction};
use crate::domain::time::{DAY_MS, HOUR_MS, SECOND_MS, Time};
use crate::storage::columns::unreadable;
use crate::storage::due::{places, schedule_each, schedule_touched};
use crate::storage::{Error, Result, Store};

/// Webhooks of a lane that one claim looks at.
const HEADS_MAX: i64 = 64;
/// Longer than any try takes.
const LEASE_MS: i64 = 30 * SECOND_MS;
/// A webhook that has done nothing but fail for this long is disabled.
const FAILING_MAX_MS: i64 = 5 * DAY_MS;
/// What waits for a webhook that has been disabled for longer is not sent by itself any more.
const EXPIRY_MS: i64 = 72 * HOUR_MS;
/// Deliveries that one statement expires.
const EXPIRED_MAX: i64 = 500;
/// A delivery during which the process died this often is given up: it may be what kills it. Many more than an operator
/// has bad days.
const INTERRUPTS_MAX: i64 = 100;

/// A delivery that this process may try, until its lease ends.
#[derive(Clone, Debug)]
pub struct Claim {
    pub delivery: DeliveryId,
    pub lease: i64,
    /// Whose thread the try takes.
    pub lane: Lane,
    pub account: AccountId,
    pub webhook: WebhookId,
    pub url: String,
    /// Sealed.
    pub secret: Vec<u8>,
    /// Sealed; while a rotation is under way.
    pub next_secret: Option<Vec<u8>>,
    pub event: EventId,
    pub event_type: String,
    pub payload: Vec<u8>,
    /// Tries that have ended before.
    pub attempts: u32,
}

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

/// Threads of each lane that are free.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    pub fast: usize,
    pub slow: usize,
}

impl Room {
    const fn of(self, lane: Lane) -> usize {
        match lane {
            Lane::Fast => self.fast,
            Lane::Slow => self.slow,
        }
    }
}

const NEXT_DUE: &str = "
    SELECT min(next_due_at)
    FROM webhooks
    WHERE status = 'active' AND lane = ?1 AND next_due_at IS NOT NULL";

const HEADS: &str = "
    SELECT account, id, url, secret, next_secret
    FROM webhooks
    WHERE status = 'active' AND lane = ?1 AND next_due_at <= ?2
    ORDER BY next_due_at
    LIMIT ?3";

/// First tries, and what is tried again: a backlog of retries does not hold up what has just happened.
const WAITING: [&str; 2] = ["attempts = 0", "attempts > 0"];

const RECORD: &str = "
    UPDATE deliveries
    SET state = ?4, attempts = attempts + 1, next_attempt_at = ?5, finished_at = ?6, last_status = ?7, last_error = ?8,
        lease = NULL, lease_until = NULL, resent_from = NULL
    WHERE account = ?1 AND id = ?2 AND lease = ?3
    RETURNING attempts";

const PACE: &str = "SELECT lane, streak FROM webhooks WHERE account = ?1 AND id = ?2";

const NOTE_TRY: &str = "
    UPDATE webhooks
    SET last_triggered_at = ?3, failing_since = CASE WHEN ?4 THEN coalesce(failing_since, ?5) END, lane = ?6, streak = ?7
    WHERE account = ?1 AND id = ?2
    RETURNING failing_since";

const LONG_DISABLED: &str = "
    SELECT id
    FROM webhooks
    WHERE status = 'disabled' AND disabled_at <= ?1";

const WAITS: &str = "SELECT 1 FROM deliveries WHERE webhook = ?1 AND state = 'pending' LIMIT 1";

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
    /// When the next delivery of a lane with room is due; asked often, so it only reads.
    pub async fn next_due(&self, room: Room) -> Result<Option<Time>> {
        self.read(move |db| {
            let mut first = db.prepare_cached(NEXT_DUE)?;
            let lanes = Lane::ALL.into_iter().filter(|lane| room.of(*lane) > 0);
            let due = lanes.map(|lane| first.query_row([lane.as_str()], |row| row.get(0)));
            let due = due.collect::<rusqlite::Result<Vec<Option<Time>>>>()?;
            Ok(due.into_iter().flatten().min())
        })
        .await
    }

    /// Takes due deliveries for free threads, at most a few of each webhook and account.
    pub async fn claim_deliveries(&self, room: Room) -> Result<Vec<Claim>> {
        let world = self.world().clone();
        self.write(move |db| {
            let (mut claims, now) = (Vec::new(), world.now());
            for lane in Lane::ALL {
                let mut lease = [0; 8];
                world.fill(&mut lease);
                let taking = Taking { now, lease: i64::from_le_bytes(lease), lane, most: room.of(lane) };
                claims.append(&mut taking.claim(db)?);
            }
            Ok(claims)
        })
        .await
    }

    /// Records how tries ended, together. A claim whose lease has passed to another changes nothing.
    pub async fn record_deliveries(&self, tries: Arc<[(Claim, Tried)]>) -> Result<()> {
        let now = self.world().now();
        self.write(move |db| {
            for (claim, tried) in tries.iter() {
                record(db, claim, tried, now)?;
            }
            schedule_touched(db, tries.iter().map(|(claim, _)| (&claim.account, &claim.webhook)))
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
        if !any {
            return Ok(0);
        }
        let interrupted = i64::from(which != Release::Untried);
        self.write(move |db| {
            let mut release = db.prepare_cached(RELEASE)?;
            let rows = release.query_map(params![now, INTERRUPTS_MAX, ended_before, interrupted], |row| row.get(0))?;
            let released = rows.collect::<rusqlite::Result<Vec<AccountId>>>()?;
            schedule_each(db, &released)?;
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
    let resent_from = resent_from(db, claim)?;
    let (state, next, finished) = match (tried.outcome, &resent_from) {
        (Outcome::Delivered, _) => ("delivered", None, Some(now)),
        (_, Some(before)) => (before.as_str(), None, Some(now)),
        (Outcome::RetryAt(at), None) => ("pending", Some(at), None),
        (Outcome::Exhausted | Outcome::Gone, None) => ("exhausted", None, Some(now)),
    };
    let values = params![claim.account, claim.delivery, claim.lease, state, next, finished, tried.status, tried.error];
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

/// The state that a delivery sent again by hand returns to, if that try fails.
fn resent_from(db: &Connection, claim: &Claim) -> Result<Option<String>> {
    let mut find = db.prepare_cached("SELECT resent_from FROM deliveries WHERE account = ?1 AND id = ?2")?;
    let found = find.query_row(params![claim.account, claim.delivery], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

/// One claim of a lane.
struct Taking {
    now: Time,
    lease: i64,
    lane: Lane,
    most: usize,
}

type Head = (AccountId, WebhookId, String, Vec<u8>, Option<Vec<u8>>);

impl Taking {
    fn claim(&self, db: &Connection) -> Result<Vec<Claim>> {
        let (mut claims, mut looked_at) = (Vec::new(), Vec::new());
        for head in self.heads(db)? {
            let room = self.most.saturating_sub(claims.len());
            let mut free = usize::try_from(places(db, &head.0, &head.1, self.lane)?).unwrap_or(0).min(room);
            for waiting in WAITING {
                let mut claimed = self.claim_of(db, &head, waiting, free)?;
                free -= claimed.len();
                claims.append(&mut claimed);
            }
            looked_at.push((head.0, head.1));
            if claims.len() == self.most {
                break;
            }
        }
        schedule_touched(db, looked_at.iter().map(|(account, webhook)| (account, webhook)))?;
        Ok(claims)
    }

    fn heads(&self, db: &Connection) -> Result<Vec<Head>> {
        let most = if self.most == 0 { 0 } else { HEADS_MAX };
        let mut heads = db.prepare_cached(HEADS)?;
        let rows = heads.query_map(params![self.lane.as_str(), self.now, most], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn claim_of(&self, db: &Connection, head: &Head, waiting: &str, most: usize) -> Result<Vec<Claim>> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let (account, webhook, url, secret, next_secret) = head;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut claim = db.prepare_cached(&format!(
            "UPDATE deliveries
             SET state = 'inflight', lease = ?4, lease_until = ?5, next_attempt_at = NULL
             WHERE id IN (
                 SELECT id FROM deliveries
                 WHERE webhook = ?1 AND state = 'pending' AND {waiting} AND next_attempt_at <= ?2
                 ORDER BY next_attempt_at, id
                 LIMIT ?3)
             RETURNING id, event, attempts"
        ))?;
        let window = params![webhook, self.now, most, self.lease, self.now.plus_ms(LEASE_MS)];
        let taken = claim.query_map(window, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let claimed = taken.map(|row| {
            let (delivery, event, attempts): (DeliveryId, EventId, u32) = row?;
            let (event_type, payload) = event_of(db, account, &event)?;
            Ok(Claim {
                delivery,
                lease: self.lease,
                lane: self.lane,
                account: account.clone(),
                webhook: webhook.clone(),
                url: url.clone(),
                secret: secret.clone(),
                next_secret: next_secret.clone(),
                event,
                event_type,
                payload,
                attempts,
            })
        });
        claimed.collect()
    }
}

fn event_of(db: &Connection, account: &AccountId, event: &EventId) -> Result<(String, Vec<u8>)> {
    let mut find = db.prepare_cached("SELECT type, payload FROM events WHERE account = ?1 AND id = ?2")?;
    find.query_row(params![account, event], |row| Ok((row.get(0)?, row.get(1)?))).map_err(Error::from)
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

fn disable(db: &Connection, claim: &Claim, reason: &str, now: Time) -> Result<()> {
    db.prepare_cached(
        "UPDATE webhooks SET status = 'disabled', disabled_reason = ?3, disabled_at = ?4 WHERE account = ?1 AND id = ?2",
    )?
    .execute(params![claim.account, claim.webhook, reason, now])?;
    Ok(())
}
