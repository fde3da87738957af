//! Domains on which an agent's embed code was loaded.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::agent::Agent;
use crate::domain::event::Event;
use crate::domain::id::{AccountId, AgentId};
use crate::domain::installation::{DOMAINS_MAX, FirstLoad, Installation, NEW_DOMAINS_A_DAY_MAX, SEEN_AGAIN_MS};
use crate::domain::time::{DAY_MS, Time};
use crate::domain::webhook::EventType;
use crate::storage::{Result, Store};

const LAST_SEEN: &str = "SELECT last_seen_at FROM installations WHERE account = ?1 AND agent = ?2 AND domain = ?3";

const INSERT: &str = "
    INSERT INTO installations (account, agent, domain, page_url, first_seen_at, last_seen_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?5)";

const SEEN: &str = "
    UPDATE installations
    SET last_seen_at = ?4
    WHERE account = ?1 AND agent = ?2 AND domain = ?3";

const COUNT: &str = "
    SELECT count(*) FILTER (WHERE ?3 < first_seen_at), count(*)
    FROM installations
    WHERE account = ?1 AND agent = ?2";

const LIST: &str = "
    SELECT domain, page_url, first_seen_at, last_seen_at
    FROM installations
    WHERE account = ?1 AND agent = ?2
    ORDER BY first_seen_at DESC";

/// What a load says that was not known.
#[derive(PartialEq, Eq)]
enum News {
    Domain,
    SeenAgain,
    Nothing,
}

impl Store {
    /// Notes where the widget was loaded, and says whether that was news; the first load on a domain is an event. Most loads
    /// cost a read and no more.
    pub async fn note_installation(&self, agent: Agent, load: FirstLoad) -> Result<bool> {
        let (world, asked, domain) = (self.world().clone(), agent.clone(), load.domain.clone());
        if self.read(move |db| news(db, &asked, &domain, world.now())).await? == News::Nothing {
            return Ok(false);
        }
        let outbox = self.outbox();
        self.write(move |db| {
            let now = outbox.world.now();
            match news(db, &agent, &load.domain, now)? {
                News::Nothing => return Ok(false),
                News::SeenAgain => {
                    db.prepare_cached(SEEN)?.execute(params![agent.account, agent.id, load.domain, now])?;
                }
                News::Domain => {
                    db.prepare_cached(INSERT)?.execute(params![agent.account, agent.id, load.domain, load.page_url, now])?;
                    let event_id = outbox.event_id(db, EventType::Installed)?;
                    outbox.publish(db, &Event::installed(event_id, &agent, &load, now))?;
                }
            }
            Ok(true)
        })
        .await
    }

    /// Newest first.
    pub async fn installations(&self, account: AccountId, agent: AgentId) -> Result<Vec<Installation>> {
        self.read(move |db| {
            let mut list = db.prepare_cached(LIST)?;
            Ok(list.query_map(params![account, agent], installation_of)?.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}

/// A new domain is news unless it is one too many.
fn news(db: &Connection, agent: &Agent, domain: &str, now: Time) -> Result<News> {
    let mut known = db.prepare_cached(LAST_SEEN)?;
    let seen_at: Option<Time> = known.query_row(params![agent.account, agent.id, domain], |row| row.get(0)).optional()?;
    if let Some(seen_at) = seen_at {
        let is_old = seen_at.plus_ms(SEEN_AGAIN_MS) <= now;
        return Ok(if is_old { News::SeenAgain } else { News::Nothing });
    }
    let mut count = db.prepare_cached(COUNT)?;
    let (of_today, all): (i64, i64) =
        count.query_row(params![agent.account, agent.id, now.plus_ms(-DAY_MS)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(if of_today < NEW_DOMAINS_A_DAY_MAX && all < DOMAINS_MAX { News::Domain } else { News::Nothing })
}

fn installation_of(row: &Row) -> rusqlite::Result<Installation> {
    Ok(Installation { domain: row.get(0)?, page_url: row.get(1)?, first_seen_at: row.get(2)?, last_seen_at: row.get(3)? })
}
