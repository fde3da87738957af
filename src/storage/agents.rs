//! Agents, with the counts that lists show beside them.

use rusqlite::{Connection, Row, params};

use crate::domain::agent::appearance::Appearance;
use crate::domain::agent::{Agent, AgentChange, NewAgent, is_called};
use crate::domain::id::{AccountId, AgentId};
use crate::domain::knowledge::{KnowledgeType, NewKnowledge, Source};
use crate::domain::page::{Filter, Page};
use crate::domain::time::Time;
use crate::storage::answering::{answering_of, answering_text};
use crate::storage::columns::unreadable;
use crate::storage::{Error, Keep, Result, Store, draw, knowledge};
use crate::world::World;

const COLUMNS: &str = "
    id, account, name, greeting, color, allowed_domains, created_at, updated_at, deactivated_at,
    conversations_count, leads_count, knowledge_entries, knowledge_bytes, knowledge_version, responses_count, responses_ms,
    vectors_version, answering, appearance";

const CREATE: &str = "
    INSERT INTO agents (id, account, name, greeting, color, allowed_domains, answering, appearance, created_at, updated_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)";

const UPDATE: &str = "
    UPDATE agents
    SET name = coalesce(?3, name),
        greeting = coalesce(?4, greeting),
        color = coalesce(?5, color),
        allowed_domains = coalesce(?6, allowed_domains),
        answering = coalesce(?7, answering),
        appearance = coalesce(?8, appearance),
        updated_at = ?9
    WHERE account = ?1 AND id = ?2";

const DEACTIVATE: &str = "
    UPDATE agents
    SET deactivated_at = ?3, updated_at = ?3
    WHERE account = ?1 AND id = ?2 AND deactivated_at IS NULL";

const ACTIVATE: &str = "
    UPDATE agents
    SET deactivated_at = NULL, updated_at = ?3
    WHERE account = ?1 AND id = ?2 AND deactivated_at IS NOT NULL";

const NAMES: &str = "
    SELECT id, name, deactivated_at
    FROM agents
    WHERE account = ?1
    ORDER BY created_at DESC, id DESC";

impl Store {
    /// `agents_max` counts active agents only.
    pub async fn create_agent(
        &self,
        account: AccountId,
        new: NewAgent,
        agents_max: Option<u32>,
        keep: Keep<Agent>,
    ) -> Result<Agent> {
        let world = self.world().clone();
        self.write_once(keep, move |db| create(db, &world, &account, new, agents_max)).await
    }

    /// Creates what there is room for; each agent is created or refused by itself.
    pub async fn create_agents(
        &self,
        account: AccountId,
        new: Vec<NewAgent>,
        agents_max: Option<u32>,
        keep: Keep<Vec<Result<Agent>>>,
    ) -> Result<Vec<Result<Agent>>> {
        let world = self.world().clone();
        self.write_once(keep, move |db| {
            let created = |new| match create(db, &world, &account, new, agents_max) {
                Err(Error::LimitReached) => Ok(Err(Error::LimitReached)),
                created => created.map(Ok),
            };
            new.into_iter().map(created).collect()
        })
        .await
    }

    /// Every agent of the account, newest first.
    pub async fn agents(&self, account: AccountId) -> Result<Vec<Agent>> {
        self.read(move |db| {
            let mut list =
                db.prepare_cached(&format!("SELECT {COLUMNS} FROM agents WHERE account = ?1 ORDER BY created_at DESC, id DESC"))?;
            Ok(list.query_map([account], agent_of)?.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// Those of a page, newest first: of a status, and with the words in their name, whatever its case, or in their id.
    pub async fn listed_agents(&self, account: AccountId, page: Page) -> Result<Vec<Agent>> {
        self.read_heavy(move |db| {
            let tx = db.unchecked_transaction()?;
            let found = matching(&tx, &account, &page.filter)?;
            let after = page.after.and_then(|after| found.iter().position(|id| id.as_str() == after));
            let shown = found.iter().skip(after.map_or(0, |at| at + 1)).take(usize::try_from(page.limit).unwrap_or_default());
            shown.map(|id| agent(&tx, &account, id)).collect()
        })
        .await
    }

    pub async fn agent(&self, account: AccountId, id: AgentId) -> Result<Agent> {
        self.read(move |db| agent(db, &account, &id)).await
    }

    /// The agent of an embed code, which names no account.
    pub async fn embedded_agent(&self, id: AgentId) -> Result<Agent> {
        self.read(move |db| {
            let mut find = db.prepare_cached(&format!("SELECT {COLUMNS} FROM agents WHERE id = ?1"))?;
            Ok(find.query_row([id], agent_of)?)
        })
        .await
    }

    pub async fn update_agent(&self, account: AccountId, id: AgentId, change: AgentChange) -> Result<Agent> {
        let world = self.world().clone();
        self.write(move |db| {
            if !change.is_empty() {
                update(db, &world, &account, &id, change)?;
            }
            agent(db, &account, &id)
        })
        .await
    }

    /// Deactivating twice keeps the first instant.
    pub async fn deactivate_agent(&self, account: AccountId, id: AgentId) -> Result<Agent> {
        let now = self.world().now();
        self.write(move |db| {
            db.prepare_cached(DEACTIVATE)?.execute(params![account, id, now])?;
            agent(db, &account, &id)
        })
        .await
    }

    pub async fn activate_agent(
        &self,
        account: AccountId,
        id: AgentId,
        agents_max: Option<u32>,
        keep: Keep<Agent>,
    ) -> Result<Agent> {
        let now = self.world().now();
        self.write_once(keep, move |db| {
            if !agent(db, &account, &id)?.is_active() {
                check_room(db, &account, agents_max)?;
                db.prepare_cached(ACTIVATE)?.execute(params![account, id, now])?;
            }
            agent(db, &account, &id)
        })
        .await
    }
}

pub fn agent(db: &Connection, account: &AccountId, id: &AgentId) -> Result<Agent> {
    let mut find = db.prepare_cached(&format!("SELECT {COLUMNS} FROM agents WHERE account = ?1 AND id = ?2"))?;
    Ok(find.query_row([account.as_str(), id.as_str()], agent_of)?)
}

/// Compared here and not by SQLite, which knows the lower case of ASCII alone.
fn matching(db: &Connection, account: &AccountId, filter: &Filter) -> Result<Vec<AgentId>> {
    let words = filter.words.as_ref();
    let fits = |id: &AgentId, name: &str, deactivated_at: Option<Time>| {
        let status = if deactivated_at.is_none() { "active" } else { "deactivated" };
        let named = |words: &String| is_called(name, id, words);
        filter.status.is_none_or(|wanted| wanted == status) && words.is_none_or(named)
    };
    let mut found = Vec::new();
    let mut list = db.prepare_cached(NAMES)?;
    let mut rows = list.query([account])?;
    while let Some(row) = rows.next()? {
        let (id, name): (AgentId, String) = (row.get(0)?, row.get(1)?);
        if fits(&id, &name, row.get(2)?) {
            found.push(id);
        }
    }
    Ok(found)
}

pub fn create(db: &Connection, world: &World, account: &AccountId, new: NewAgent, agents_max: Option<u32>) -> Result<Agent> {
    check_room(db, account, agents_max)?;
    let id: AgentId = draw(db, world, "agents")?;
    let now = world.now();
    let domains = serde_json::to_string(&new.allowed_domains).unwrap_or_default();
    let (answering, appearance) = (answering_text(&new.answering), stored(&new.appearance));
    let fields = params![id, account, new.name, new.greeting, new.color, domains, answering, appearance, now];
    db.prepare_cached(CREATE)?.execute(fields)?;
    if let Some(content) = new.knowledge_base {
        let content = NewKnowledge::new(KnowledgeType::Text, content, Source::Api);
        knowledge::replace(db, world, account, &id, content)?;
    }
    agent(db, account, &id)
}

fn update(db: &Connection, world: &World, account: &AccountId, id: &AgentId, change: AgentChange) -> Result<()> {
    let before = agent(db, account, id)?;
    let domains = change.allowed_domains.map(|domains| serde_json::to_string(&domains).unwrap_or_default());
    let appearance = change.appearance.map(|change| stored(&change.over(&before.appearance)));
    let now = later_than(before.updated_at, world.now());
    let answering = change.answering.map(|change| answering_text(&change.apply(before.answering)));
    let fields = params![account, id, change.name, change.greeting, change.color, domains, answering, appearance, now];
    db.prepare_cached(UPDATE)?.execute(fields)?;
    if let Some(content) = change.knowledge_base {
        let content = NewKnowledge::new(KnowledgeType::Text, content, Source::Api);
        knowledge::replace(db, world, account, id, content)?;
    }
    Ok(())
}

fn stored(appearance: &Appearance) -> String {
    serde_json::to_string(appearance).unwrap_or_default()
}

/// `updated_at` moves with every change, also when the clock stands still or goes back.
fn later_than(before: Time, now: Time) -> Time {
    now.max(before.plus_ms(1))
}

fn check_room(db: &Connection, account: &AccountId, agents_max: Option<u32>) -> Result<()> {
    let Some(agents_max) = agents_max else { return Ok(()) };
    let mut count = db.prepare_cached("SELECT count(*) FROM agents WHERE account = ?1 AND deactivated_at IS NULL")?;
    let active: u32 = count.query_row([account], |row| row.get(0))?;
    if active < agents_max { Ok(()) } else { Err(Error::LimitReached) }
}

fn agent_of(row: &Row) -> rusqlite::Result<Agent> {
    let (domains, answering, appearance): (String, String, String) = (row.get(5)?, row.get(17)?, row.get(18)?);
    let (responses, responses_ms): (i64, i64) = (row.get(14)?, row.get(15)?);
    Ok(Agent {
        id: row.get(0)?,
        account: row.get(1)?,
        name: row.get(2)?,
        greeting: row.get(3)?,
        color: row.get(4)?,
        allowed_domains: serde_json::from_str(&domains).map_err(|_| unreadable("domains"))?,
        answering: answering_of(&answering).ok_or_else(|| unreadable("answering"))?,
        appearance: serde_json::from_str(&appearance).map_err(|_| unreadable("appearance"))?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
        deactivated_at: row.get(8)?,
        conversations_count: row.get(9)?,
        leads_count: row.get(10)?,
        knowledge_entries: row.get(11)?,
        knowledge_size_bytes: row.get(12)?,
        knowledge_version: row.get(13)?,
        vectors_version: row.get(16)?,
        avg_response_time_ms: (responses > 0).then(|| (responses_ms + responses / 2) / responses.max(1)),
    })
}
