//! Claims: deliveries that are due, taken for free threads under a lease.

use rusqlite::{Connection, params};

use crate::domain::id::{AccountId, DeliveryId, EventId, WebhookId};
use crate::domain::pace::Lane;
use crate::domain::time::{SECOND_MS, Time};
use crate::storage::under_way::UnderWay;
use crate::storage::{Result, Store};
use crate::world::World;

/// Longer than the longest wait for a thread and the try after it, which takes ten seconds at most.
const LEASE_MS: i64 = 30 * SECOND_MS;
const WAIT_MAX_MS: i64 = 15 * SECOND_MS;
/// A claim that has waited longer is looked up before it is tried, though nothing is known to have changed.
const TRUSTED_MS: i64 = SECOND_MS;

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
    /// When it was made, and how many withdrawals there had been until then.
    made_ms: i64,
    withdrawals: u64,
}

/// Threads of each lane that are free.
#[derive(Clone, Copy, Debug, Default)]
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

const FIRST_LEASE: &str = "
    SELECT min(lease_until)
    FROM deliveries
    WHERE state = 'inflight'";

const HEADS: &str = "
    SELECT account, id, last_triggered_at IS NOT NULL AND failing_since IS NULL, url, secret, next_secret
    FROM webhooks
    WHERE status = 'active' AND lane = ?1 AND next_due_at <= ?2
    ORDER BY next_due_at";

const WAITING: &str = "
    SELECT d.id, d.attempts, d.event, e.type, e.payload
    FROM deliveries d
    JOIN events e ON e.id = d.event AND e.account = d.account
    WHERE d.webhook = ?1 AND d.state = 'pending' AND d.retried = ?2 AND d.next_attempt_at <= ?3
    ORDER BY d.next_attempt_at, d.id
    LIMIT ?4";

const CLAIM: &str = "
    UPDATE deliveries
    SET state = 'inflight', lease = ?3, lease_until = ?4, next_attempt_at = NULL
    WHERE account = ?1 AND id = ?2";

const FIRST_WAITING: &str = "
    SELECT min(next_attempt_at)
    FROM deliveries
    WHERE webhook = ?1 AND state = 'pending' AND retried = ?2";

const NEXT: &str = "
    UPDATE webhooks
    SET next_due_at = ?3
    WHERE account = ?1 AND id = ?2";

const HELD: &str = "
    SELECT 1
    FROM deliveries d
    JOIN webhooks w ON w.id = d.webhook AND w.account = d.account
    WHERE d.account = ?1 AND d.id = ?2 AND d.state = 'inflight' AND d.lease = ?3 AND w.status = 'active' AND w.url = ?4";

impl Store {
    /// Whether a claim that has waited for a thread still stands: its webhook may have been deleted, disabled or moved since,
    /// its event erased, or its lease be too short for a try. The database is asked only if anything of the kind has happened, or time
    /// enough has passed for another process to have done it.
    pub async fn holds(&self, claim: &Claim) -> Result<bool> {
        let waited_ms = self.world().instant_ms() - claim.made_ms;
        if waited_ms > WAIT_MAX_MS {
            return Ok(false);
        }
        if waited_ms < TRUSTED_MS && self.shared.bell.withdrawals() == claim.withdrawals {
            return Ok(true);
        }
        let Claim { account, delivery, lease, url, .. } = claim.clone();
        self.read(move |db| Ok(db.prepare_cached(HELD)?.exists(params![account, delivery, lease, url])?)).await
    }

    /// When there will be something to claim for a lane with room, or to take back; asked often, so it only reads.
    pub async fn next_due(&self, room: Room) -> Result<Option<Time>> {
        self.read(move |db| {
            let mut next: Vec<Option<Time>> = vec![db.prepare_cached(FIRST_LEASE)?.query_row([], |row| row.get(0))?];
            let mut first = db.prepare_cached(NEXT_DUE)?;
            for lane in Lane::ALL.into_iter().filter(|lane| room.of(*lane) > 0) {
                next.push(first.query_row([lane.as_str()], |row| row.get(0))?);
            }
            Ok(next.into_iter().flatten().min())
        })
        .await
    }
}

/// Takes due deliveries for free threads, at most a few of each webhook and account.
pub fn claim(db: &Connection, world: &World, withdrawals: u64, under_way: &mut UnderWay, room: Room) -> Result<Vec<Claim>> {
    let mut lease = [0; 8];
    world.fill(&mut lease);
    let (now, made_ms, lease) = (world.now(), world.instant_ms(), i64::from_le_bytes(lease));
    let mut claims = Vec::new();
    for lane in Lane::ALL {
        let taking = Taking { now, made_ms, withdrawals, lease, lane, most: room.of(lane) };
        claims.append(&mut taking.claim(db, under_way)?);
    }
    Ok(claims)
}

/// One claim of a lane.
struct Taking {
    now: Time,
    made_ms: i64,
    withdrawals: u64,
    lease: i64,
    lane: Lane,
    most: usize,
}

/// A webhook with something due.
struct Head {
    account: AccountId,
    webhook: WebhookId,
    proven: bool,
    url: String,
    secret: Vec<u8>,
    next_secret: Option<Vec<u8>>,
}

impl Taking {
    fn claim(&self, db: &Connection, under_way: &mut UnderWay) -> Result<Vec<Claim>> {
        let mut claims = Vec::new();
        for head in self.heads(db, under_way)? {
            let more = under_way.places(&head.account, &head.webhook, self.lane, head.proven);
            let free = (1 + more).min(self.most - claims.len());
            let mut claimed = self.claim_of(db, &head, false, free)?;
            claimed.append(&mut self.claim_of(db, &head, true, free - claimed.len())?);
            Self::schedule_next(db, &head)?;
            under_way.add(&head.account, &head.webhook, self.lane, claimed.len().saturating_sub(1));
            claims.append(&mut claimed);
        }
        Ok(claims)
    }

    /// Webhooks with something due and a place for it, which is theirs from then on.
    fn heads(&self, db: &Connection, under_way: &mut UnderWay) -> Result<Vec<Head>> {
        let mut heads = Vec::new();
        let mut due = db.prepare_cached(HEADS)?;
        let mut rows = due.query(params![self.lane.as_str(), self.now])?;
        while heads.len() < self.most
            && let Some(row) = rows.next()?
        {
            let (account, webhook, proven) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if under_way.places(&account, &webhook, self.lane, proven) > 0 {
                under_way.add(&account, &webhook, self.lane, 1);
                heads.push(Head { account, webhook, proven, url: row.get(3)?, secret: row.get(4)?, next_secret: row.get(5)? });
            }
        }
        Ok(heads)
    }

    fn claim_of(&self, db: &Connection, head: &Head, retried: bool, most: usize) -> Result<Vec<Claim>> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let (mut waiting, mut claim) = (db.prepare_cached(WAITING)?, db.prepare_cached(CLAIM)?);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let found = waiting.query_map(params![head.webhook, retried, self.now, most], |row| {
            Ok(Claim {
                delivery: row.get(0)?,
                lease: self.lease,
                lane: self.lane,
                account: head.account.clone(),
                webhook: head.webhook.clone(),
                url: head.url.clone(),
                secret: head.secret.clone(),
                next_secret: head.next_secret.clone(),
                attempts: row.get(1)?,
                event: row.get(2)?,
                event_type: row.get(3)?,
                payload: row.get(4)?,
                made_ms: self.made_ms,
                withdrawals: self.withdrawals,
            })
        })?;
        // All of them are read before the first is changed, which takes it out of the index that they are read from.
        let claims = found.collect::<rusqlite::Result<Vec<_>>>()?;
        for Claim { account, delivery, lease, .. } in &claims {
            claim.execute(params![account, delivery, lease, self.now.plus_ms(LEASE_MS)])?;
        }
        Ok(claims)
    }

    /// Until now the time may have been too early, but never too late.
    fn schedule_next(db: &Connection, head: &Head) -> Result<()> {
        let mut first = db.prepare_cached(FIRST_WAITING)?;
        let mut of = |retried: bool| first.query_row(params![head.webhook, retried], |row| row.get::<_, Option<Time>>(0));
        let next = [of(false)?, of(true)?].into_iter().flatten().min();
        db.prepare_cached(NEXT)?.execute(params![head.account, head.webhook, next])?;
        Ok(())
    }
}
