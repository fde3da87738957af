//! Domains on which an agent's embed code was loaded.

use rusqlite::{Connection, params};

use crate::domain::agent::Agent;
use crate::domain::event::Event;
use crate::domain::time::{DAY_MS, Time};
use crate::domain::webhook::EventType;
use crate::storage::{Result, Store};

/// A stranger can forge the domain that a load claims, so new ones are counted.
const NEW_DOMAINS_A_DAY_MAX: i64 = 20;
/// Of one agent in all; nobody hears of more.
const DOMAINS_MAX: i64 = 50;

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

const COUNT: &str = "
    SELECT count(*) FILTER (WHERE ?3 < first_seen_at), count(*)
    FROM installations
    WHERE account = ?1 AND agent = ?2";

impl Store {
    /// Notes where the widget was loaded; the first load on a domain is an event. Any other load costs a read.
    pub async fn note_installation(&self, agent: Agent, load: FirstLoad) -> Result<()> {
        let (world, asked, domain) = (self.world().clone(), agent.clone(), load.domain.clone());
        if !self.read(move |db| is_news(db, &asked, &domain, world.now())).await? {
            return Ok(());
        }
        let outbox = self.outbox();
        self.write(move |db| {
            let now = outbox.world.now();
            if !is_news(db, &agent, &load.domain, now)? {
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

/// Whether this is a new domain, and not one too many.
fn is_news(db: &Connection, agent: &Agent, domain: &str, now: Time) -> Result<bool> {
    if db.prepare_cached(KNOWN)?.exists(params![agent.account, agent.id, domain])? {
        return Ok(false);
    }
    let mut count = db.prepare_cached(COUNT)?;
    let (of_today, all): (i64, i64) =
        count.query_row(params![agent.account, agent.id, now.plus_ms(-DAY_MS)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(of_today < NEW_DOMAINS_A_DAY_MAX && all < DOMAINS_MAX)
}
