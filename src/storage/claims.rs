//! Claims: deliveries that are due, taken for free threads under a lease.

use rusqlite::{CachedStatement, Connection, Row, params};

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
    /// The number of the delivery's row.
    pub seq: i64,
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
    /// The state to return to if the try fails, for what is sent again by hand.
    pub resent_from: Option<String>,
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
    SELECT account, id, last_triggered_at IS NOT NULL AND failing_since IS NULL, next_due_at, url, secret, next_secret
    FROM webhooks
    WHERE status = 'active' AND lane = ?1 AND next_due_at <= ?2
    ORDER BY next_due_at";

/// What comes after those to be claimed says when there is more.
const WAITING: &str = "
    SELECT d.next_attempt_at, d.seq, d.id, d.attempts, d.resent_from, d.event, e.type, e.payload
    FROM deliveries d
    JOIN events e ON e.id = d.event AND e.account = d.account
    WHERE d.webhook = ?1 AND d.state = 'pending' AND d.retried = ?2
    ORDER BY d.next_attempt_at, d.seq
    LIMIT ?3";

const CLAIM: &str = "
    UPDATE deliveries
    SET state = 'inflight', lease = ?3, lease_until = ?4, next_attempt_at = NULL
    WHERE seq = ?2 AND account = ?1";

const NEXT: &str = "
    UPDATE webhooks
    SET next_due_at = ?3
    WHERE account = ?1 AND id = ?2";

const HELD: &str = "
    SELECT 1
    FROM deliveries d
    JOIN webhooks w ON w.id = d.webhook AND w.account = d.account
    WHERE d.seq = ?2 AND d.account = ?1 AND d.state = 'inflight' AND d.lease = ?3 AND w.status = 'active' AND w.url = ?4";

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
        let Claim { account, seq, lease, url, .. } = claim.clone();
        self.read(move |db| Ok(db.prepare_cached(HELD)?.exists(params![account, seq, lease, url])?)).await
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

/// What is asked for every webhook with something due.
struct Waiting<'a> {
    list: CachedStatement<'a>,
    claim: CachedStatement<'a>,
}

impl<'a> Waiting<'a> {
    fn prepare(db: &'a Connection) -> Result<Self> {
        Ok(Self { list: db.prepare_cached(WAITING)?, claim: db.prepare_cached(CLAIM)? })
    }
}

/// A webhook with something due.
struct Head {
    due: Time,
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
        let (mut waiting, mut next) = (Waiting::prepare(db)?, db.prepare_cached(NEXT)?);
        for head in self.heads(db, under_way)? {
            let more = under_way.places(&head.account, &head.webhook, self.lane, head.proven);
            let free = (1 + more).min(self.most - claims.len());
            let (mut claimed, first) = self.claim_of(&mut waiting, &head, false, free)?;
            let (mut retried, first_retried) = self.claim_of(&mut waiting, &head, true, free - claimed.len())?;
            claimed.append(&mut retried);
            // Until now the time may have been too early, but never too late.
            let due = [first, first_retried].into_iter().flatten().min();
            if due != Some(head.due) {
                next.execute(params![head.account, head.webhook, due])?;
            }
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
                let (due, url, secret, next_secret) = (row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?);
                heads.push(Head { due, account, webhook, proven, url, secret, next_secret });
            }
        }
        Ok(heads)
    }

    /// At most so many deliveries, and when the next one is due.
    fn claim_of(&self, waiting: &mut Waiting, head: &Head, retried: bool, most: usize) -> Result<(Vec<Claim>, Option<Time>)> {
        let (mut claims, mut next) = (Vec::new(), None);
        let found = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
        let mut rows = waiting.list.query(params![head.webhook, retried, found])?;
        while let Some(row) = rows.next()? {
            let due: Time = row.get(0)?;
            if claims.len() == most || self.now < due {
                next = Some(due);
                break;
            }
            claims.push(self.claim_from(row, head)?);
        }
        drop(rows);
        // All of them are read before the first is changed, which takes it out of the index that they are read from.
        for Claim { account, seq, lease, .. } in &claims {
            waiting.claim.execute(params![account, seq, lease, self.now.plus_ms(LEASE_MS)])?;
        }
        Ok((claims, next))
    }

    fn claim_from(&self, row: &Row, head: &Head) -> rusqlite::Result<Claim> {
        Ok(Claim {
            seq: row.get(1)?,
            delivery: row.get(2)?,
            lease: self.lease,
            lane: self.lane,
            account: head.account.clone(),
            webhook: head.webhook.clone(),
            url: head.url.clone(),
            secret: head.secret.clone(),
            next_secret: head.next_secret.clone(),
            attempts: row.get(3)?,
            resent_from: row.get(4)?,
            event: row.get(5)?,
            event_type: row.get(6)?,
            payload: row.get(7)?,
            made_ms: self.made_ms,
            withdrawals: self.withdrawals,
        })
    }
}
