//! What was sent, to whom, and what came back; and sending it again.

use rusqlite::{Connection, Row, params};

use crate::domain::delivery::{Attempt, Delivery, WrittenEvent};
use crate::domain::event::Event;
use crate::domain::id::{AccountId, DeliveryId, EventId, Identifier, WebhookId};
use crate::domain::page::{Listed, Page};
use crate::domain::time::Time;
use crate::domain::webhook::EventType;
use crate::storage::webhooks::webhook;
use crate::storage::{Error, Keep, Result, Store, endings};

const COLUMNS: &str = "d.id, d.event, e.type, d.state, d.next_attempt_at, d.created_at, d.finished_at, d.seq";

/// Deliveries are read in their order, and each finds its event.
const EVENT: &str = "CROSS JOIN events e ON e.id = d.event AND e.account = d.account";

const COUNT: &str = "
    SELECT count(*)
    FROM deliveries
    WHERE account = ?1 AND webhook = ?2 AND ?3 < created_at AND (?4 IS NULL OR state = ?4)";

const BY_WEBHOOK: &str = "
    WHERE d.account = ?1 AND d.webhook = ?2 AND ?3 < d.created_at AND (?4 IS NULL OR d.state = ?4)
      AND d.created_at <= ?5 AND (d.created_at < ?5 OR d.id < ?6)
    ORDER BY d.created_at DESC, d.id DESC
    LIMIT ?7 OFFSET ?8";

const PAYLOAD: &str = "
    SELECT e.payload
    FROM deliveries d
    JOIN events e ON e.id = d.event AND e.account = d.account
    WHERE d.account = ?1 AND d.webhook = ?2 AND d.id = ?3";

const ATTEMPTS: &str = "
    SELECT number, started_at, duration_ms, status, error, response_headers, response_body
    FROM delivery_attempts
    WHERE delivery = ?1 AND account = ?2
    ORDER BY number";

/// More that wait than this are found faster by their time than sorted.
const WAITING_MAX: i64 = 1_000;

const COUNT_WAITING: &str = "
    SELECT count(*)
    FROM (
        SELECT 1
        FROM deliveries INDEXED BY deliveries_pending
        WHERE webhook = ?2 AND account = ?1 AND state = 'pending'
        LIMIT ?3)";

const COUNT_EVENTS: &str = "
    SELECT count(*)
    FROM events
    WHERE account = ?1 AND ?2 < created_at AND ?3 IS NULL";

const COUNT_EVENTS_OF_TYPE: &str = "
    SELECT count(*)
    FROM events INDEXED BY events_by_type
    WHERE account = ?1 AND type = ?3 AND ?2 < created_at";

const EVENTS: &str = "
    SELECT id, type, agent, created_at, payload
    FROM events
    WHERE account = ?1 AND ?3 IS NULL AND ?2 < created_at AND created_at <= ?4 AND (created_at < ?4 OR id < ?5)
    ORDER BY created_at DESC, id DESC
    LIMIT ?6 OFFSET ?7";

const EVENTS_OF_TYPE: &str = "
    SELECT id, type, agent, created_at, payload
    FROM events INDEXED BY events_by_type
    WHERE account = ?1 AND type = ?3 AND ?2 < created_at AND created_at <= ?4 AND (created_at < ?4 OR id < ?5)
    ORDER BY created_at DESC, id DESC
    LIMIT ?6 OFFSET ?7";

const RESEND: &str = "
    UPDATE deliveries
    SET resent_from = CASE state WHEN 'pending' THEN resent_from ELSE state END, state = 'pending', next_attempt_at = ?3, finished_at = NULL
    WHERE account = ?1 AND id = ?2";

impl Store {
    /// None for a webhook that does not exist.
    pub async fn deliveries(&self, account: AccountId, id: WebhookId, page: Page) -> Result<Listed<Delivery>> {
        self.read_heavy(move |db| {
            let tx = db.unchecked_transaction()?;
            let (since, state) = (page.since.map_or(i64::MIN, Time::ms), page.filter.status);
            let counted = params![account, id, since, state];
            let total = if page.counted { tx.prepare_cached(COUNT)?.query_row(counted, |row| row.get(0))? } else { 0 };
            let (before, before_id) = match page.after {
                Some(after) => (delivery(&tx, &account, &DeliveryId::from_text(after.clone()))?.created_at, after),
                None => (Time::from_ms(i64::MAX), String::new()),
            };
            let (index, named) = index_of(&tx, &account, &id, state)?;
            let mut list = tx
                .prepare_cached(&format!("SELECT {COLUMNS} FROM deliveries d INDEXED BY {index} {EVENT} {named} {BY_WEBHOOK}"))?;
            let window = params![account, id, since, state, before, before_id, page.limit, page.offset];
            let found = list.query_map(window, delivery_of)?;
            let rows = found.map(|found| with_attempts(&tx, &account, found?)).collect::<Result<_>>()?;
            Ok(Listed { rows, total })
        })
        .await
    }

    /// One delivery to a webhook, and the bytes that are sent.
    pub async fn delivery(&self, account: AccountId, id: WebhookId, chosen: DeliveryId) -> Result<(Delivery, Vec<u8>)> {
        self.read(move |db| {
            let payload = db.prepare_cached(PAYLOAD)?.query_row(params![account, id, chosen], |row| row.get(0))?;
            Ok((delivery(db, &account, &chosen)?, payload))
        })
        .await
    }

    /// Everything that happened in the account, newest first.
    pub async fn events(&self, account: AccountId, kind: Option<EventType>, page: Page) -> Result<Listed<WrittenEvent>> {
        self.read_heavy(move |db| {
            let tx = db.unchecked_transaction()?;
            let (since, kind) = (page.since.map_or(i64::MIN, Time::ms), kind.map(EventType::as_str));
            let (count, list) = if kind.is_some() { (COUNT_EVENTS_OF_TYPE, EVENTS_OF_TYPE) } else { (COUNT_EVENTS, EVENTS) };
            let counted = params![account, since, kind];
            let total = if page.counted { tx.prepare_cached(count)?.query_row(counted, |row| row.get(0))? } else { 0 };
            let (before, before_id) = match page.after {
                Some(after) => (event_time(&tx, &account, &EventId::from_text(after.clone()))?, after),
                None => (Time::from_ms(i64::MAX), String::new()),
            };
            let mut list = tx.prepare_cached(list)?;
            let window = params![account, since, kind, before, before_id, page.limit, page.offset];
            let rows = list.query_map(window, |row| {
                let (id, kind, agent) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(WrittenEvent { id, kind, agent, created_at: row.get(3)?, payload: row.get(4)? })
            })?;
            Ok(Listed { rows: rows.collect::<rusqlite::Result<_>>()?, total })
        })
        .await
    }

    /// Queues a test event for this webhook alone.
    pub async fn send_test(&self, account: AccountId, id: WebhookId, keep: Keep<Delivery>) -> Result<Delivery> {
        let outbox = self.outbox();
        self.write_once(keep, move |db| {
            let now = outbox.world.now();
            let webhook = webhook(db, &account, &id)?;
            let event = Event::test(outbox.event_id(db, EventType::Test)?, &webhook, now);
            let delivery_id = outbox.publish_to(db, &event, &id)?;
            delivery(db, &account, &delivery_id)
        })
        .await
    }

    /// Sends a delivery again, once. Refused while it is under way, or while its webhook is disabled.
    pub async fn resend(&self, account: AccountId, id: WebhookId, chosen: DeliveryId, keep: Keep<Delivery>) -> Result<Delivery> {
        let outbox = self.outbox();
        self.write_once(keep, move |db| {
            let now = outbox.world.now();
            let active = webhook(db, &account, &id)?.status == "active";
            let mut belongs = db.prepare_cached("SELECT 1 FROM deliveries WHERE account = ?1 AND webhook = ?2 AND id = ?3")?;
            if !belongs.exists(params![account, id, chosen])? {
                return Err(Error::NotFound);
            }
            if !active || delivery(db, &account, &chosen)?.state == "inflight" {
                return Err(Error::Conflict);
            }
            endings::take_back(db, &account, &chosen)?;
            db.prepare_cached(RESEND)?.execute(params![account, chosen, now])?;
            outbox.schedule(db, &account, &id, now)?;
            delivery(db, &account, &chosen)
        })
        .await
    }
}

/// The index in which the deliveries of a state are found without a look at the others, and the words that it asks for.
fn index_of(db: &Connection, account: &AccountId, id: &WebhookId, state: Option<&str>) -> Result<(&'static str, &'static str)> {
    let by_time = ("deliveries_by_webhook", "");
    Ok(match state {
        Some("exhausted") => ("deliveries_exhausted", "AND d.state = 'exhausted'"),
        Some("canceled") => ("deliveries_canceled", "AND d.state = 'canceled'"),
        Some("inflight") => ("deliveries_inflight", "AND d.state = 'inflight'"),
        Some("pending") => {
            let mut count = db.prepare_cached(COUNT_WAITING)?;
            let waiting: i64 = count.query_row(params![account, id, WAITING_MAX], |row| row.get(0))?;
            if waiting < WAITING_MAX { ("deliveries_pending", "AND d.state = 'pending'") } else { by_time }
        }
        _ => by_time,
    })
}

fn delivery(db: &Connection, account: &AccountId, id: &DeliveryId) -> Result<Delivery> {
    let mut find =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM deliveries d {EVENT} WHERE d.account = ?1 AND d.id = ?2"))?;
    with_attempts(db, account, find.query_row(params![account, id], delivery_of)?)
}

fn event_time(db: &Connection, account: &AccountId, id: &EventId) -> Result<Time> {
    let mut find = db.prepare_cached("SELECT created_at FROM events WHERE account = ?1 AND id = ?2")?;
    Ok(find.query_row(params![account, id], |row| row.get(0))?)
}

fn with_attempts(db: &Connection, account: &AccountId, (seq, mut delivery): (i64, Delivery)) -> Result<Delivery> {
    let mut list = db.prepare_cached(ATTEMPTS)?;
    let attempts = list.query_map(params![seq, account], |row| {
        Ok(Attempt {
            number: row.get(0)?,
            started_at: row.get(1)?,
            duration_ms: row.get(2)?,
            status: row.get(3)?,
            error: row.get(4)?,
            response_headers: row.get(5)?,
            response_body: row.get(6)?,
        })
    })?;
    delivery.attempts = attempts.collect::<rusqlite::Result<_>>()?;
    Ok(delivery)
}

/// With the number by which its tries are found.
fn delivery_of(row: &Row) -> rusqlite::Result<(i64, Delivery)> {
    let delivery = Delivery {
        id: row.get(0)?,
        event: row.get(1)?,
        event_type: row.get(2)?,
        state: row.get(3)?,
        next_attempt_at: row.get(4)?,
        created_at: row.get(5)?,
        finished_at: row.get(6)?,
        attempts: Vec::new(),
    };
    Ok((row.get(7)?, delivery))
}
