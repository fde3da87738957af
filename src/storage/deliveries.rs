//! Deliveries: claimed under a lease, tried, and recorded; a late worker cannot write over its successor.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::id::{AccountId, DeliveryId, EventId, WebhookId};
use crate::domain::time::{DAY_MS, SECOND_MS, Time};
use crate::storage::{Error, Result, Store};

/// Webhooks that one claim looks at.
const HEADS_MAX: i64 = 64;
/// Deliveries of one webhook under way at once: a slow endpoint holds no more workers than these.
const INFLIGHT_MAX: i64 = 2;
/// Deliveries of one account under way at once: it leaves room for the others.
const INFLIGHT_OF_ACCOUNT_MAX: i64 = 8;
/// Longer than any try takes.
const LEASE_MS: i64 = 30 * SECOND_MS;
/// A webhook that has done nothing but fail for this long is disabled.
const FAILING_MAX_MS: i64 = 5 * DAY_MS;
/// A delivery during which the process died this often is given up.
const INTERRUPTS_MAX: i64 = 10;

/// A delivery that this process may try, until its lease ends.
#[derive(Clone, Debug)]
pub struct Claim {
    pub delivery: DeliveryId,
    pub lease: i64,
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
pub struct Tried {
    pub started_at: Time,
    pub duration_ms: i64,
    pub status: Option<u16>,
    pub error: Option<&'static str>,
    pub response_headers: String,
    pub response_body: String,
    pub outcome: Outcome,
}

const HEADS: &str = "
    SELECT account, id, url, secret, next_secret
    FROM webhooks
    WHERE status = 'active' AND next_due_at <= ?1
    ORDER BY next_due_at
    LIMIT ?2";

const INFLIGHT: &str = "SELECT count(*) FROM deliveries WHERE webhook = ?1 AND state = 'inflight'";

const INFLIGHT_OF_ACCOUNT: &str = "SELECT count(*) FROM deliveries WHERE account = ?1 AND state = 'inflight'";

const CLAIM: &str = "
    UPDATE deliveries
    SET state = 'inflight', lease = ?4, lease_until = ?5, next_attempt_at = NULL
    WHERE id IN (
        SELECT id FROM deliveries
        WHERE webhook = ?1 AND state = 'pending' AND next_attempt_at <= ?2
        ORDER BY next_attempt_at, id
        LIMIT ?3)
    RETURNING id, event, attempts";

/// A webhook with all its places taken is not due, whatever waits: it must not hide those that are.
const NEXT_DUE: &str = "
    UPDATE webhooks
    SET next_due_at = CASE
        WHEN ?2 AND (SELECT count(*) FROM deliveries d WHERE d.webhook = webhooks.id AND d.state = 'inflight') < ?3
        THEN (SELECT min(d.next_attempt_at) FROM deliveries d WHERE d.webhook = webhooks.id AND d.state = 'pending')
    END
    WHERE account = ?1";

const RECORD: &str = "
    UPDATE deliveries
    SET state = ?4, attempts = attempts + 1, next_attempt_at = ?5, finished_at = ?6, last_status = ?7, last_error = ?8,
        lease = NULL, lease_until = NULL, resent_from = NULL
    WHERE account = ?1 AND id = ?2 AND lease = ?3
    RETURNING attempts";

const NOTE_TRY: &str = "
    UPDATE webhooks
    SET last_triggered_at = ?3, failing_since = CASE WHEN ?4 THEN coalesce(failing_since, ?5) END
    WHERE account = ?1 AND id = ?2
    RETURNING failing_since";

const ATTEMPT: &str = "
    INSERT INTO delivery_attempts (delivery, number, account, started_at, duration_ms, status, error, response_headers, response_body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const RELEASE: &str = "
    UPDATE deliveries
    SET state = CASE WHEN interrupts + 1 < ?2 THEN 'pending' ELSE coalesce(resent_from, 'exhausted') END,
        next_attempt_at = CASE WHEN interrupts + 1 < ?2 THEN ?1 END,
        finished_at = CASE WHEN interrupts + 1 < ?2 THEN NULL ELSE ?1 END,
        last_error = 'interrupted', interrupts = interrupts + 1, lease = NULL, lease_until = NULL
    WHERE state = 'inflight' AND webhook IN (SELECT id FROM webhooks) AND lease_until <= ?3
    RETURNING account";

impl Store {
    /// When the next delivery is due; asked often, so it only reads.
    pub async fn next_due(&self) -> Result<Option<Time>> {
        self.read(|db| {
            let mut first =
                db.prepare_cached("SELECT min(next_due_at) FROM webhooks WHERE status = 'active' AND next_due_at IS NOT NULL")?;
            Ok(first.query_row([], |row| row.get(0))?)
        })
        .await
    }

    /// Takes up to `most` due deliveries, at most a few of each webhook.
    pub async fn claim_deliveries(&self, most: usize) -> Result<Vec<Claim>> {
        let world = self.world().clone();
        self.write(move |db| {
            let now = world.now();
            let mut claims = Vec::new();
            let mut looked_at = Vec::new();
            for (account, webhook, url, secret, next_secret) in heads(db, now)? {
                let room = i64::try_from(most.saturating_sub(claims.len())).unwrap_or(i64::MAX);
                if room == 0 {
                    break;
                }
                let inflight: i64 = db.prepare_cached(INFLIGHT)?.query_row([&webhook], |row| row.get(0))?;
                let of_account: i64 = db.prepare_cached(INFLIGHT_OF_ACCOUNT)?.query_row([&account], |row| row.get(0))?;
                let take = room.min(INFLIGHT_MAX - inflight).min(INFLIGHT_OF_ACCOUNT_MAX - of_account);
                let mut lease = [0; 8];
                world.fill(&mut lease);
                let lease = i64::from_le_bytes(lease);
                let mut claim = db.prepare_cached(CLAIM)?;
                let taken = claim.query_map(params![webhook, now, take.max(0), lease, now.plus_ms(LEASE_MS)], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?;
                for row in taken {
                    let (delivery, event, attempts): (DeliveryId, EventId, u32) = row?;
                    let (event_type, payload) = event_of(db, &account, &event)?;
                    claims.push(Claim {
                        delivery,
                        lease,
                        account: account.clone(),
                        webhook: webhook.clone(),
                        url: url.clone(),
                        secret: secret.clone(),
                        next_secret: next_secret.clone(),
                        event,
                        event_type,
                        payload,
                        attempts,
                    });
                }
                looked_at.push(account);
            }
            schedule_each(db, &looked_at)?;
            Ok(claims)
        })
        .await
    }

    /// Records how a try ended. A claim whose lease has passed to another changes nothing.
    pub async fn record_delivery(&self, claim: Claim, tried: Tried) -> Result<()> {
        let now = self.world().now();
        self.write(move |db| {
            let resent_from = resent_from(db, &claim)?;
            let (state, next, finished) = match (tried.outcome, &resent_from) {
                (Outcome::Delivered, _) => ("delivered", None, Some(now)),
                (_, Some(before)) => (before.as_str(), None, Some(now)),
                (Outcome::RetryAt(at), None) => ("pending", Some(at), None),
                (Outcome::Exhausted | Outcome::Gone, None) => ("exhausted", None, Some(now)),
            };
            let mut record = db.prepare_cached(RECORD)?;
            let number: Option<i64> = record
                .query_row(
                    params![claim.account, claim.delivery, claim.lease, state, next, finished, tried.status, tried.error],
                    |row| row.get(0),
                )
                .optional()?;
            let Some(number) = number else { return Ok(()) };
            let (headers, body) = (tried.response_headers, tried.response_body);
            db.prepare_cached(ATTEMPT)?.execute(params![
                claim.delivery,
                number,
                claim.account,
                tried.started_at,
                tried.duration_ms,
                tried.status,
                tried.error,
                headers,
                body
            ])?;
            let failed = tried.outcome != Outcome::Delivered;
            let mut note = db.prepare_cached(NOTE_TRY)?;
            let noted = note.query_row(params![claim.account, claim.webhook, tried.started_at, failed, now], |row| row.get(0));
            let failing_since: Option<Time> = noted.optional()?.flatten();
            if tried.outcome == Outcome::Gone {
                disable(db, &claim, "gone")?;
            } else if failing_since.is_some_and(|since| now.since(since) >= FAILING_MAX_MS) {
                tracing::warn!(webhook = %claim.webhook, "a webhook has only failed for five days and is disabled");
                disable(db, &claim, "failing")?;
            }
            schedule(db, &claim.account)
        })
        .await
    }

    /// Gives back claims whose lease has ended; at start, every claim, since this process holds the folder.
    pub async fn release_deliveries(&self, all: bool) -> Result<usize> {
        let now = self.world().now();
        let ended_before = if all { Time::from_ms(i64::MAX) } else { now };
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
        self.write(move |db| {
            let mut release = db.prepare_cached(RELEASE)?;
            let rows = release.query_map(params![now, INTERRUPTS_MAX, ended_before], |row| row.get(0))?;
            let released = rows.collect::<rusqlite::Result<Vec<AccountId>>>()?;
            schedule_each(db, &released)?;
            Ok(released.len())
        })
        .await
    }
}

/// The state that a delivery sent again by hand returns to, if that try fails.
fn resent_from(db: &Connection, claim: &Claim) -> Result<Option<String>> {
    let mut find = db.prepare_cached("SELECT resent_from FROM deliveries WHERE account = ?1 AND id = ?2")?;
    let found = find.query_row(params![claim.account, claim.delivery], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

type Head = (AccountId, WebhookId, String, Vec<u8>, Option<Vec<u8>>);

fn heads(db: &Connection, now: Time) -> Result<Vec<Head>> {
    let mut heads = db.prepare_cached(HEADS)?;
    let rows =
        heads.query_map(params![now, HEADS_MAX], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn event_of(db: &Connection, account: &AccountId, event: &EventId) -> Result<(String, Vec<u8>)> {
    let mut find = db.prepare_cached("SELECT type, payload FROM events WHERE account = ?1 AND id = ?2")?;
    find.query_row(params![account, event], |row| Ok((row.get(0)?, row.get(1)?))).map_err(Error::from)
}

/// Says when each webhook of the account is to be looked at next.
pub fn schedule(db: &Connection, account: &AccountId) -> Result<()> {
    let inflight: i64 = db.prepare_cached(INFLIGHT_OF_ACCOUNT)?.query_row([account], |row| row.get(0))?;
    let has_room = inflight < INFLIGHT_OF_ACCOUNT_MAX;
    db.prepare_cached(NEXT_DUE)?.execute(params![account, has_room, INFLIGHT_MAX])?;
    Ok(())
}

/// An account that is named several times is looked at once.
fn schedule_each(db: &Connection, accounts: &[AccountId]) -> Result<()> {
    let once: BTreeSet<&AccountId> = accounts.iter().collect();
    once.into_iter().try_for_each(|account| schedule(db, account))
}

fn disable(db: &Connection, claim: &Claim, reason: &str) -> Result<()> {
    db.prepare_cached("UPDATE webhooks SET status = 'disabled', disabled_reason = ?3 WHERE account = ?1 AND id = ?2")?
        .execute(params![claim.account, claim.webhook, reason])?;
    Ok(())
}
