//! Webhooks: where an account wants to hear of events.

use rusqlite::{Connection, Row, params};

use crate::domain::id::{AccountId, AgentId, WebhookId};
use crate::domain::time::DAY_MS;
use crate::domain::webhook::{EventType, NewWebhook, WEBHOOKS_MAX, Webhook, WebhookChange};
use crate::storage::columns::unreadable;
use crate::storage::{Error, Keep, Result, Store, agents, endings};

const COLUMNS: &str = "id, account, agent, url, events, status, created_at, last_triggered_at, disabled_reason, disabled_at, failing_since, flip_at";

const INSERT: &str = "
    INSERT INTO webhooks (id, account, agent, url, events, secret, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const UPDATE: &str = "
    UPDATE webhooks
    SET url = ?3, agent = ?4, events = ?5, status = ?6,
        failing_since = CASE WHEN status = ?6 THEN failing_since END,
        disabled_reason = CASE WHEN ?6 = 'active' THEN NULL WHEN status = 'active' THEN 'manual' ELSE disabled_reason END,
        disabled_at = CASE WHEN ?6 = 'active' THEN NULL WHEN status = 'active' THEN ?7 ELSE disabled_at END
    WHERE account = ?1 AND id = ?2";

const EXISTS: &str = "
    SELECT 1
    FROM webhooks
    WHERE account = ?1 AND url = ?2 AND coalesce(agent, '') = coalesce(?3, '') AND events = ?4";

/// One statement a state, since each has an index of its own.
const CANCEL_PENDING: &str = "
    UPDATE deliveries INDEXED BY deliveries_pending
    SET state = 'canceled', finished_at = ?3, next_attempt_at = NULL
    WHERE account = ?1 AND webhook = ?2 AND state = 'pending'";

const CANCEL_INFLIGHT: &str = "
    UPDATE deliveries INDEXED BY deliveries_inflight
    SET state = 'canceled', finished_at = ?3, lease = NULL, lease_until = NULL
    WHERE account = ?1 AND webhook = ?2 AND state = 'inflight'";

const TROUBLED: &str = "
    WHERE account = ?1
      AND ((status = 'disabled' AND disabled_reason <> 'manual') OR (status = 'active' AND failing_since <= ?2))
    ORDER BY created_at DESC, id DESC";

impl Store {
    /// Fails if the webhook could not be created, before its address is asked to prove itself.
    pub async fn check_webhook(&self, account: AccountId, new: NewWebhook) -> Result<()> {
        self.read(move |db| {
            if let Some(agent) = &new.agent {
                agents::agent(db, &account, agent)?;
            }
            let events = EventType::join(&new.events);
            if count(db, &account)? >= WEBHOOKS_MAX {
                return Err(Error::LimitReached);
            }
            let exists = db.prepare_cached(EXISTS)?.exists(params![account, new.url, new.agent, events])?;
            if exists { Err(Error::Conflict) } else { Ok(()) }
        })
        .await
    }

    /// An identifier for a webhook that is about to be created: its secret is sealed for this row alone.
    pub fn draw_webhook(&self) -> WebhookId {
        self.world().fresh()
    }

    pub async fn create_webhook(
        &self,
        account: AccountId,
        id: WebhookId,
        new: NewWebhook,
        secret: Vec<u8>,
        keep: Keep<Webhook>,
    ) -> Result<Webhook> {
        let now = self.world().now();
        self.write_once(keep, move |db| {
            if let Some(agent) = &new.agent {
                agents::agent(db, &account, agent)?;
            }
            if count(db, &account)? >= WEBHOOKS_MAX {
                return Err(Error::LimitReached);
            }
            let events = EventType::join(&new.events);
            db.prepare_cached(INSERT)?.execute(params![id, account, new.agent, new.url, events, secret, now])?;
            webhook(db, &account, &id)
        })
        .await
    }

    pub async fn webhooks(&self, account: AccountId) -> Result<Vec<Webhook>> {
        let now = self.world().now();
        self.read_heavy(move |db| {
            let mut list = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM webhooks WHERE account = ?1 ORDER BY created_at DESC, id DESC"
            ))?;
            let mut webhooks = list.query_map([&account], webhook_of)?.collect::<rusqlite::Result<Vec<_>>>()?;
            for webhook in &mut webhooks {
                webhook.success_rate = endings::success_rate(db, &account, &webhook.id, now)?;
            }
            Ok(webhooks)
        })
        .await
    }

    /// Those that were disabled for their failures, or have only failed for a day.
    pub async fn troubled_webhooks(&self, account: AccountId) -> Result<Vec<Webhook>> {
        let day_ago = self.world().now().plus_ms(-DAY_MS);
        self.read(move |db| {
            let mut list = db.prepare_cached(&format!("SELECT {COLUMNS} FROM webhooks {TROUBLED}"))?;
            Ok(list.query_map(params![account, day_ago], webhook_of)?.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// Sealed; the second one while a rotation is under way.
    pub async fn webhook_secrets(&self, account: AccountId, id: WebhookId) -> Result<(Vec<u8>, Option<Vec<u8>>)> {
        self.read(move |db| {
            let mut find = db.prepare_cached("SELECT secret, next_secret FROM webhooks WHERE account = ?1 AND id = ?2")?;
            Ok(find.query_row(params![account, id], |row| Ok((row.get(0)?, row.get(1)?)))?)
        })
        .await
    }

    pub async fn webhook(&self, account: AccountId, id: WebhookId) -> Result<Webhook> {
        let now = self.world().now();
        self.read(move |db| {
            let success_rate = endings::success_rate(db, &account, &id, now)?;
            Ok(Webhook { success_rate, ..webhook(db, &account, &id)? })
        })
        .await
    }

    /// Changes what is named. Enabled again, the webhook goes on with what waits for it.
    pub async fn update_webhook(&self, account: AccountId, id: WebhookId, change: WebhookChange) -> Result<Webhook> {
        let (now, bell) = (self.world().now(), self.shared.bell.clone());
        self.write(move |db| {
            let before = webhook(db, &account, &id)?;
            let agent = change.agent.unwrap_or(before.agent);
            if let Some(agent) = &agent {
                agents::agent(db, &account, agent)?;
            }
            let (url, events) = (change.url.unwrap_or(before.url), change.events.unwrap_or(before.events));
            let active = change.enabled.unwrap_or(before.status == "active");
            let status = if active { "active" } else { "disabled" };
            db.prepare_cached(UPDATE)?.execute(params![account, id, url, agent, EventType::join(&events), status, now])?;
            bell.withdraw();
            webhook(db, &account, &id)
        })
        .await
    }

    /// Deletes the webhook; what was on its way is canceled.
    pub async fn delete_webhook(&self, account: AccountId, id: WebhookId) -> Result<()> {
        let (now, bell) = (self.world().now(), self.shared.bell.clone());
        self.write(move |db| {
            let deleted =
                db.prepare_cached("DELETE FROM webhooks WHERE account = ?1 AND id = ?2")?.execute(params![account, id])?;
            if deleted == 0 {
                return Err(Error::NotFound);
            }
            for cancel in [CANCEL_PENDING, CANCEL_INFLIGHT] {
                db.prepare_cached(cancel)?.execute(params![account, id, now])?;
            }
            endings::forget(db, &account, &id)?;
            bell.withdraw();
            Ok(())
        })
        .await
    }
}

/// Without its success rate, which is for showing.
pub fn webhook(db: &Connection, account: &AccountId, id: &WebhookId) -> Result<Webhook> {
    let mut find = db.prepare_cached(&format!("SELECT {COLUMNS} FROM webhooks WHERE account = ?1 AND id = ?2"))?;
    Ok(find.query_row(params![account, id], webhook_of)?)
}

fn count(db: &Connection, account: &AccountId) -> Result<usize> {
    let mut count = db.prepare_cached("SELECT count(*) FROM webhooks WHERE account = ?1")?;
    let held: i64 = count.query_row([account], |row| row.get(0))?;
    Ok(usize::try_from(held).unwrap_or_default())
}

fn webhook_of(row: &Row) -> rusqlite::Result<Webhook> {
    let (agent, events): (Option<AgentId>, String) = (row.get(2)?, row.get(4)?);
    let events = events.split(',').map(EventType::parse).collect::<std::result::Result<_, _>>();
    Ok(Webhook {
        id: row.get(0)?,
        account: row.get(1)?,
        agent,
        url: row.get(3)?,
        events: events.map_err(|_| unreadable("event types"))?,
        status: row.get(5)?,
        created_at: row.get(6)?,
        last_triggered_at: row.get(7)?,
        disabled_reason: row.get(8)?,
        disabled_at: row.get(9)?,
        failing_since: row.get(10)?,
        flip_at: row.get(11)?,
        success_rate: None,
    })
}
