//! The outbox: an event is written with its cause, and with one delivery for each webhook that wants it.

use std::sync::Arc;

use rusqlite::{Connection, params};

use crate::domain::event::Event;
use crate::domain::id::{AccountId, AgentId, DeliveryId, EventId, WebhookId};
use crate::domain::time::Time;
use crate::domain::webhook::EventType;
use crate::storage::{Bell, Result, draw};
use crate::world::World;

/// What a transaction needs to publish events.
#[derive(Clone)]
pub struct Outbox {
    pub world: World,
    pub bell: Arc<Bell>,
}

const INSERT: &str = "
    INSERT INTO events (id, account, agent, type, visitor, payload, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const LISTENERS: &str = "
    SELECT id, events
    FROM webhooks
    WHERE account = ?1 AND status = 'active' AND (agent IS NULL OR agent = ?2)";

const DELIVERY: &str = "
    INSERT INTO deliveries (id, account, event, webhook, state, next_attempt_at, created_at)
    VALUES (?1, ?2, ?3, ?4, 'pending', ?5, ?5)";

const DUE: &str = "
    UPDATE webhooks
    SET next_due_at = min(coalesce(next_due_at, ?3), ?3)
    WHERE account = ?1 AND id = ?2";

impl Outbox {
    pub fn event_id(&self, db: &Connection, kind: EventType) -> Result<EventId> {
        loop {
            let id = self.world.fresh_event(kind.code());
            if !db.prepare_cached("SELECT 1 FROM events WHERE id = ?1")?.exists([&id])? {
                return Ok(id);
            }
        }
    }

    /// Writes an event for one webhook only, whatever it listens to.
    pub fn publish_to(&self, db: &Connection, event: &Event, webhook: &WebhookId) -> Result<DeliveryId> {
        self.write(db, event)?;
        self.enqueue(db, &event.account, &event.id, webhook, event.created_at)
    }

    pub fn publish(&self, db: &Connection, event: &Event) -> Result<()> {
        self.write(db, event)?;
        let (agent, kind) = (event.agent.as_ref().map(AgentId::as_str), event.kind.as_str());
        let mut listeners = db.prepare_cached(LISTENERS)?;
        let mut rows = listeners.query(params![event.account, agent])?;
        while let Some(row) = rows.next()? {
            let wanted: String = row.get(1)?;
            if wanted.split(',').any(|name| name == kind) {
                self.enqueue(db, &event.account, &event.id, &row.get(0)?, event.created_at)?;
            }
        }
        Ok(())
    }

    fn write(&self, db: &Connection, event: &Event) -> Result<()> {
        let agent = event.agent.as_ref().map(AgentId::as_str);
        let (kind, visitor, payload) = (event.kind.as_str(), &event.visitor, &event.payload);
        db.prepare_cached(INSERT)?.execute(params![event.id, event.account, agent, kind, visitor, payload, event.created_at])?;
        Ok(())
    }

    /// A delivery of the event to the webhook, due at once.
    pub fn enqueue(
        &self,
        db: &Connection,
        account: &AccountId,
        event: &EventId,
        webhook: &WebhookId,
        now: Time,
    ) -> Result<DeliveryId> {
        let id: DeliveryId = draw(db, &self.world, "deliveries")?;
        db.prepare_cached(DELIVERY)?.execute(params![id, account, event, webhook, now])?;
        self.schedule(db, account, webhook, now)?;
        Ok(id)
    }

    /// Sees to it that the webhook is looked at by `due`, and soon if that is now.
    pub fn schedule(&self, db: &Connection, account: &AccountId, webhook: &WebhookId, due: Time) -> Result<()> {
        db.prepare_cached(DUE)?.execute(params![account, webhook, due])?;
        self.bell.strike();
        Ok(())
    }
}
