//! Domains on which an agent's embed code was loaded.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::agent::Agent;
use crate::domain::event::Event;
use crate::domain::id::{AccountId, AgentId};
use crate::domain::installation::{
    DOMAINS_MAX, FirstLoad, Installation, NEW_DOMAINS_A_DAY_MAX, News, SEEN_AGAIN_MS, Standing, UNSEEN_MS,
};
use crate::domain::time::{DAY_MS, Time};
use crate::domain::webhook::EventType;
use crate::storage::sessions::{AGE_MS, IDLE_MS};
use crate::storage::{Error, Result, Store};

const LAST_SEEN: &str = "SELECT last_seen_at FROM installations WHERE account = ?1 AND agent = ?2 AND domain = ?3";

const INSERT: &str = "
    INSERT INTO installations (account, agent, domain, page_url, first_seen_at, last_seen_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?5)";

const SEEN: &str = "
    UPDATE installations
    SET last_seen_at = ?4
    WHERE account = ?1 AND agent = ?2 AND domain = ?3";

const WRITTEN: &str = "
    UPDATE installations
    SET written_at = ?4
    WHERE account = ?1 AND agent = ?2 AND domain = ?3 AND written_at IS NULL";

const COUNT: &str = "
    SELECT count(*) FILTER (WHERE ?3 < first_seen_at), count(*)
    FROM installations
    WHERE account = ?1 AND agent = ?2";

/// Of those on which nobody wrote, and then of all, the one that was not loaded for longest.
const MAKE_ROOM: &str = "
    DELETE FROM installations
    WHERE account = ?1 AND agent = ?2 AND domain = (
        SELECT domain
        FROM installations
        WHERE account = ?1 AND agent = ?2 AND instr(?3, ' ' || domain || ' ') = 0
          AND (written_at IS NULL OR last_seen_at < ?4)
        ORDER BY written_at IS NOT NULL, last_seen_at, first_seen_at
        LIMIT 1)";

const REMOVE: &str = "DELETE FROM installations WHERE account = ?1 AND agent = ?2 AND domain = ?3";

const SIGNED_IN_THERE: &str = "
    SELECT 1
    FROM sessions
    WHERE account = ?1 AND address = ?2 AND ?3 < seen_at AND ?4 < created_at";

const LIST: &str = "
    SELECT domain, page_url, first_seen_at, last_seen_at, written_at
    FROM installations
    WHERE account = ?1 AND agent = ?2
    ORDER BY first_seen_at DESC";

const ANY: &str = "SELECT 1 FROM installations WHERE account = ?1";

impl Store {
    /// What a load of the agent on `domain` tells, from the network that sessions know as `bucket`. Most loads tell nothing,
    /// and cost a read and no more.
    pub async fn installation_news(&self, agent: Agent, domain: String, bucket: String) -> Result<News> {
        let now = self.world().now();
        self.read(move |db| {
            if let Some(news) = known(db, &agent, &domain, now)? {
                return Ok(news);
            }
            let is_team = || {
                let mut find = db.prepare_cached(SIGNED_IN_THERE)?;
                Ok::<_, Error>(find.exists(params![agent.account, bucket, now.plus_ms(-IDLE_MS), now.plus_ms(-AGE_MS)])?)
            };
            let vouched = agent.names_domain(&domain) || is_team()?;
            Ok(News::Domain(if vouched { Standing::Vouched } else { Standing::Claimed }))
        })
        .await
    }

    /// Notes a load, and says whether anything was noted. The first on a domain is an event, unless it is one too many.
    pub async fn note_installation(&self, agent: Agent, load: FirstLoad, standing: Standing) -> Result<bool> {
        let outbox = self.outbox();
        self.write(move |db| {
            let now = outbox.world.now();
            match known(db, &agent, &load.domain, now)? {
                Some(News::SeenAgain) => {
                    db.prepare_cached(SEEN)?.execute(params![agent.account, agent.id, load.domain, now])?;
                }
                None if has_room(db, &agent, standing, now)? => {
                    db.prepare_cached(INSERT)?.execute(params![agent.account, agent.id, load.domain, load.page_url, now])?;
                    let event_id = outbox.event_id(db, EventType::Installed)?;
                    outbox.publish(db, &Event::installed(event_id, &agent, &load, now))?;
                }
                _ => return Ok(false),
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

    /// Whether any website has loaded an agent of the account.
    pub async fn is_installed(&self, account: AccountId) -> Result<bool> {
        self.read(move |db| Ok(db.prepare_cached(ANY)?.exists(params![account])?)).await
    }

    /// It is noted anew when it is loaded again.
    pub async fn remove_installation(&self, account: AccountId, agent: AgentId, domain: String) -> Result<()> {
        self.write(move |db| match db.prepare_cached(REMOVE)?.execute(params![account, agent, domain])? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        })
        .await
    }
}

/// A conversation has begun on a page of this domain.
pub fn note_written(db: &Connection, agent: &Agent, domain: &str, now: Time) -> Result<()> {
    db.prepare_cached(WRITTEN)?.execute(params![agent.account, agent.id, domain, now])?;
    Ok(())
}

/// What a load on a known domain tells; none where the domain is new.
fn known(db: &Connection, agent: &Agent, domain: &str, now: Time) -> Result<Option<News>> {
    let mut find = db.prepare_cached(LAST_SEEN)?;
    let seen_at: Option<Time> = find.query_row(params![agent.account, agent.id, domain], |row| row.get(0)).optional()?;
    let is_old = |seen_at: Time| seen_at.plus_ms(SEEN_AGAIN_MS) <= now;
    Ok(seen_at.map(|seen_at| if is_old(seen_at) { News::SeenAgain } else { News::Nothing }))
}

/// Whether a new domain is noted; if need be, another makes room for it.
fn has_room(db: &Connection, agent: &Agent, standing: Standing, now: Time) -> Result<bool> {
    let mut count = db.prepare_cached(COUNT)?;
    let since = now.plus_ms(-DAY_MS);
    let (of_today, all): (i64, i64) =
        count.query_row(params![agent.account, agent.id, since], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if standing == Standing::Claimed && NEW_DOMAINS_A_DAY_MAX <= of_today {
        return Ok(false);
    }
    if all < DOMAINS_MAX {
        return Ok(true);
    }
    // No domain holds a space.
    let named = format!(" {} ", agent.allowed_domains.join(" "));
    let gone = db.prepare_cached(MAKE_ROOM)?.execute(params![agent.account, agent.id, named, now.plus_ms(-UNSEEN_MS)])?;
    Ok(gone > 0 || standing == Standing::Vouched)
}

fn installation_of(row: &Row) -> rusqlite::Result<Installation> {
    Ok(Installation {
        domain: row.get(0)?,
        page_url: row.get(1)?,
        first_seen_at: row.get(2)?,
        last_seen_at: row.get(3)?,
        written_at: row.get(4)?,
    })
}
