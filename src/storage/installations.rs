//! Domains on which an agent's embed code was loaded.

use rusqlite::{Connection, params};

use crate::domain::agent::Agent;
use crate::domain::event::Event;
use crate::domain::time::DAY_MS;
use crate::domain::webhook::EventType;
use crate::storage::{Result, Store};

/// A stranger can forge the domain that a load claims, so new ones are counted.
const NEW_DOMAINS_A_DAY_MAX: i64 = 20;

/// A load of the embed code, as the browser told of it.
pub struct FirstLoad {
    pub domain: String,
    pub page_url: String,
    pub user_agent: Option<String>,
}

const KNOWN: &str = "SELECT 1 FROM installations WHERE account = ?1 AND agent = ?2 AND domain = ?3";

const INSERT: &str = "
    INSERT INTO installations (account, agent, domain, page_url, first_seen_at)
    VALUES (?1, ?2, ?3, ?4, ?5)";

const RECENT: &str = "
    SELECT count(*)
    FROM installations
    WHERE account = ?1 AND agent = ?2 AND ?3 < first_seen_at";

impl Store {
    /// Notes where the widget was loaded; the first load on a domain is an event. A known domain costs a read.
    pub async fn note_installation(&self, agent: Agent, load: FirstLoad) -> Result<()> {
        let (account, id, domain) = (agent.account.clone(), agent.id.clone(), load.domain.clone());
        let known = self.read(move |db| Ok(db.prepare_cached(KNOWN)?.exists(params![account, id, domain])?)).await?;
        if known {
            return Ok(());
        }
        let outbox = self.outbox();
        self.write(move |db| {
            let now = outbox.world.now();
            let known = db.prepare_cached(KNOWN)?.exists(params![agent.account, agent.id, load.domain])?;
            if known || recent(db, &agent, now.plus_ms(-DAY_MS).ms())? >= NEW_DOMAINS_A_DAY_MAX {
                return Ok(());
            }
            db.prepare_cached(INSERT)?.execute(params![agent.account, agent.id, load.domain, load.page_url, now])?;
            let event_id = outbox.event_id(db, EventType::Installed)?;
            let event = Event::installed(event_id, &agent, &load.domain, &load.page_url, load.user_agent.as_deref(), now);
            outbox.publish(db, &event)
        })
        .await
    }
}

fn recent(db: &Connection, agent: &Agent, since_ms: i64) -> Result<i64> {
    Ok(db.prepare_cached(RECENT)?.query_row(params![agent.account, agent.id, since_ms], |row| row.get(0))?)
}
