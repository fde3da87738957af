//! Claims: deliveries that are due, taken for free threads under a lease.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::{Connection, params};

use crate::domain::id::{AccountId, DeliveryId, EventId, WebhookId};
use crate::domain::pace::Lane;
use crate::domain::time::{SECOND_MS, Time};
use crate::storage::due::{places_of_account, places_sql, schedule_each};
use crate::storage::{Error, Result, Store};

/// Webhooks of a lane that one claim looks at.
const HEADS_MAX: i64 = 64;
/// Longer than any try takes.
const LEASE_MS: i64 = 30 * SECOND_MS;

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

/// First tries, and what is tried again: a backlog of retries does not hold up what has just happened.
const WAITING: [&str; 2] = ["attempts = 0", "attempts > 0"];

const HELD: &str = "
    SELECT 1
    FROM deliveries d
    JOIN webhooks w ON w.id = d.webhook AND w.account = d.account
    WHERE d.account = ?1 AND d.id = ?2 AND d.state = 'inflight' AND d.lease = ?3 AND w.status = 'active' AND w.url = ?4";

impl Store {
    /// Whether a claim that has waited for a thread still stands: its webhook may have been deleted, disabled or moved since,
    /// its event erased, or its lease have ended.
    pub async fn holds(&self, claim: &Claim) -> Result<bool> {
        let Claim { account, delivery, lease, url, .. } = claim.clone();
        self.read(move |db| Ok(db.prepare_cached(HELD)?.exists(params![account, delivery, lease, url])?)).await
    }

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
}

/// One claim of a lane.
struct Taking {
    now: Time,
    lease: i64,
    lane: Lane,
    most: usize,
}

/// A webhook with something due.
struct Head {
    account: AccountId,
    webhook: WebhookId,
    url: String,
    secret: Vec<u8>,
    next_secret: Option<Vec<u8>>,
    places: i64,
}

impl Taking {
    fn claim(&self, db: &Connection) -> Result<Vec<Claim>> {
        let (mut claims, mut looked_at) = (Vec::new(), Vec::new());
        let mut free_of_accounts = HashMap::new();
        for head in self.heads(db)? {
            let free_of_account = match free_of_accounts.entry(head.account.clone()) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(places_of_account(db, &head.account, self.lane)?),
            };
            let room = self.most.saturating_sub(claims.len());
            let mut free = usize::try_from(head.places.min(*free_of_account)).unwrap_or(0).min(room);
            for waiting in WAITING {
                let mut claimed = self.claim_of(db, &head, waiting, free)?;
                free -= claimed.len();
                *free_of_account -= i64::try_from(claimed.len()).unwrap_or(i64::MAX);
                claims.append(&mut claimed);
            }
            looked_at.push(head.account);
            if claims.len() == self.most {
                break;
            }
        }
        schedule_each(db, &looked_at)?;
        Ok(claims)
    }

    fn heads(&self, db: &Connection) -> Result<Vec<Head>> {
        let most = if self.most == 0 { 0 } else { HEADS_MAX };
        let mut heads = db.prepare_cached(&format!(
            "SELECT account, id, url, secret, next_secret, {}
             FROM webhooks
             WHERE status = 'active' AND lane = ?1 AND next_due_at <= ?2
             ORDER BY next_due_at
             LIMIT ?3",
            places_sql()
        ))?;
        let rows = heads.query_map(params![self.lane.as_str(), self.now, most], |row| {
            Ok(Head {
                account: row.get(0)?,
                webhook: row.get(1)?,
                url: row.get(2)?,
                secret: row.get(3)?,
                next_secret: row.get(4)?,
                places: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn claim_of(&self, db: &Connection, head: &Head, waiting: &str, most: usize) -> Result<Vec<Claim>> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let Head { account, webhook, url, secret, next_secret, .. } = head;
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
