//! Sends again what a webhook missed: events that found it disabled or unwilling, and deliveries that were given up.

use rusqlite::{Connection, params};

use crate::domain::id::{AccountId, AgentId, DeliveryId, EventId, WebhookId};
use crate::domain::recovery::{Recovered, Recovery};
use crate::domain::time::{DAY_MS, Time};
use crate::domain::webhook::{EventType, Webhook};
use crate::storage::events::Outbox;
use crate::storage::webhooks::webhook;
use crate::storage::{Error, Keep, Result, Store, endings};

/// Events that one transaction looks at.
const EVENTS_MAX: usize = 200;

const EVENTS: &str = "
    SELECT e.id, e.agent, e.type, e.created_at, d.id, d.state
    FROM events e
    LEFT JOIN deliveries d ON d.event = e.id AND d.webhook = ?2 AND d.account = e.account
    WHERE e.account = ?1 AND e.created_at <= ?3 AND (?4 < e.created_at OR (e.created_at = ?4 AND ?5 < e.id))
    ORDER BY e.created_at, e.id
    LIMIT ?6";

/// What had all its tries gets one more; what was canceled goes on where it stood.
const AGAIN: &str = "
    UPDATE deliveries
    SET resent_from = CASE state WHEN 'canceled' THEN NULL ELSE state END, state = 'pending', next_attempt_at = ?3, finished_at = NULL
    WHERE account = ?1 AND id = ?2";

/// Further back, an event is kept only where an account chose so, and is not sent again.
const LOOK_BACK_MS: i64 = 30 * DAY_MS;

impl Store {
    /// In many small transactions, since a month may hold many events. Repeating it sends nothing twice that arrived.
    pub async fn recover(
        &self,
        account: AccountId,
        id: WebhookId,
        recovery: Recovery,
        keep: Keep<Recovered>,
    ) -> Result<Recovered> {
        let mut queued = 0;
        // Older deliveries are forgotten before their events may be: what they say of an event is not known any more.
        let since = recovery.since.max(self.world().now().plus_ms(-LOOK_BACK_MS));
        let mut seen = Some((since, String::new()));
        while let Some(after) = seen {
            let part = Part { account: account.clone(), webhook: id.clone(), recovery: recovery.clone(), after };
            let outbox = self.outbox();
            let (more, last) = self.write(move |db| part.send(db, &outbox)).await?;
            queued += more;
            seen = last;
        }
        self.write_once(keep, move |_| Ok(Recovered { recovery, queued })).await
    }
}

struct Part {
    account: AccountId,
    webhook: WebhookId,
    recovery: Recovery,
    after: (Time, String),
}

struct Found {
    event: EventId,
    agent: Option<AgentId>,
    kind: String,
    at: Time,
    delivery: Option<DeliveryId>,
    state: Option<String>,
}

impl Part {
    /// How many were queued, and behind which event to go on, unless this was the last part.
    fn send(&self, db: &Connection, outbox: &Outbox) -> Result<(usize, Option<(Time, String)>)> {
        let webhook = webhook(db, &self.account, &self.webhook)?;
        if webhook.status != "active" {
            return Err(Error::Conflict);
        }
        let (found, now) = (self.events(db)?, outbox.world.now());
        let mut queued = 0;
        for event in &found {
            queued += usize::from(self.queue(db, outbox, &webhook, event, now)?);
        }
        if queued > 0 {
            outbox.schedule(db, &self.account, &self.webhook, now)?;
        }
        let last = found.last().filter(|_| found.len() == EVENTS_MAX);
        Ok((queued, last.map(|event| (event.at, event.event.to_string()))))
    }

    fn events(&self, db: &Connection) -> Result<Vec<Found>> {
        let (at, id) = &self.after;
        let most = i64::try_from(EVENTS_MAX).unwrap_or(i64::MAX);
        let mut list = db.prepare_cached(EVENTS)?;
        let rows = list.query_map(params![self.account, self.webhook, self.recovery.until, at, id, most], |row| {
            Ok(Found {
                event: row.get(0)?,
                agent: row.get(1)?,
                kind: row.get(2)?,
                at: row.get(3)?,
                delivery: row.get(4)?,
                state: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn queue(&self, db: &Connection, outbox: &Outbox, webhook: &Webhook, event: &Found, now: Time) -> Result<bool> {
        let again = match (event.state.as_deref(), &event.delivery) {
            (Some("exhausted" | "canceled"), Some(delivery)) => delivery,
            (Some("delivered"), Some(delivery)) if self.recovery.delivered_too => delivery,
            (None, _) if wanted(webhook, event) => {
                outbox.enqueue(db, &self.account, &event.event, &self.webhook, now)?;
                return Ok(true);
            }
            _ => return Ok(false),
        };
        endings::take_back(db, &self.account, again)?;
        db.prepare_cached(AGAIN)?.execute(params![self.account, again, now])?;
        Ok(true)
    }
}

fn wanted(webhook: &Webhook, event: &Found) -> bool {
    let of_agent = webhook.agent.is_none() || webhook.agent == event.agent;
    of_agent && webhook.events.iter().copied().map(EventType::as_str).any(|kind| kind == event.kind)
}
