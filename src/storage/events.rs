//! The outbox: an event is written with its cause, and with one delivery for each webhook that wants it.

use std::sync::Arc;

use rusqlite::{Connection, params};

use crate::domain::event::Event;
use crate::domain::id::{AgentId, DeliveryId, EventId, WebhookId};
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
    INSERT INTO events (id, account, agent, type, payload, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

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

    pub fn publish(&self, db: &Connection, event: &Event) -> Result<()> {
        let agent = event.agent.as_ref().map(AgentId::as_str);
        let kind = event.kind.as_str();
        db.prepare_cached(INSERT)?.execute(params![event.id, event.account, agent, kind, event.payload, event.created_at])?;
        let mut listeners = db.prepare_cached(LISTENERS)?;
        let mut rows = listeners.query(params![event.account, agent])?;
        while let Some(row) = rows.next()? {
            let wanted: String = row.get(1)?;
            if wanted.split(',').any(|name| name == kind) {
                self.enqueue(db, event, &row.get(0)?)?;
            }
        }
        Ok(())
    }

    fn enqueue(&self, db: &Connection, event: &Event, webhook: &WebhookId) -> Result<()> {
        let id: DeliveryId = draw(db, &self.world, "deliveries")?;
        db.prepare_cached(DELIVERY)?.execute(params![id, event.account, event.id, webhook, event.created_at])?;
        db.prepare_cached(DUE)?.execute(params![event.account, webhook, event.created_at])?;
        self.bell.strike();
        Ok(())
    }
}
