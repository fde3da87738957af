//! Knowledge entries, and the totals that their agent carries.

use rusqlite::{Connection, Row, params};

use crate::domain::id::{AccountId, AgentId, KnowledgeId};
use crate::domain::knowledge::{Knowledge, KnowledgeTotals, KnowledgeType, NewKnowledge, Source};
use crate::domain::time::Time;
use crate::storage::columns::unreadable;
use crate::storage::{Error, Keep, Result, Store, agents, draw};
use crate::world::World;

const INSERT: &str = "
    INSERT INTO knowledge (id, account, agent, type, content, size_bytes, source, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const GROW: &str = "
    UPDATE agents
    SET knowledge_entries = knowledge_entries + ?3,
        knowledge_bytes = knowledge_bytes + ?4,
        knowledge_version = knowledge_version + 1
    WHERE account = ?1 AND id = ?2";

const EMPTY: &str = "
    UPDATE agents
    SET knowledge_entries = 0, knowledge_bytes = 0, knowledge_version = knowledge_version + 1
    WHERE account = ?1 AND id = ?2";

const LIST: &str = "
    SELECT id, agent, type, content, size_bytes, created_at, source
    FROM knowledge
    WHERE account = ?1 AND agent = ?2
    ORDER BY created_at, id";

const FIND: &str = "
    SELECT id, agent, type, content, size_bytes, created_at, source
    FROM knowledge
    WHERE account = ?1 AND agent = ?2 AND id = ?3";

const UPDATE: &str = "
    UPDATE knowledge
    SET type = ?4, content = ?5, size_bytes = ?6, source = CASE ?7 WHEN '' THEN source ELSE ?7 END
    WHERE account = ?1 AND agent = ?2 AND id = ?3";

impl Store {
    pub async fn add_knowledge(
        &self,
        account: AccountId,
        agent: AgentId,
        new: NewKnowledge,
        keep: Keep<KnowledgeTotals>,
    ) -> Result<KnowledgeTotals> {
        let world = self.world().clone();
        self.write_once(keep, move |db| {
            agents::agent(db, &account, &agent)?;
            add(db, &world, &account, &agent, new, world.now())?;
            let after = agents::agent(db, &account, &agent)?;
            let (entries, size_bytes) = (after.knowledge_entries, after.knowledge_size_bytes);
            Ok(KnowledgeTotals { agent, entries, size_bytes, added_at: world.now() })
        })
        .await
    }

    /// Adds the same content to several agents; says for each whether it exists.
    pub async fn add_knowledge_to(
        &self,
        account: AccountId,
        agents: Vec<AgentId>,
        new: NewKnowledge,
        keep: Keep<Vec<(AgentId, bool)>>,
    ) -> Result<Vec<(AgentId, bool)>> {
        let world = self.world().clone();
        self.write_once(keep, move |db| {
            let mut added = Vec::with_capacity(agents.len());
            for agent in agents {
                let exists = match agents::agent(db, &account, &agent) {
                    Ok(_) => true,
                    Err(Error::NotFound) => false,
                    Err(error) => return Err(error),
                };
                if exists {
                    add(db, &world, &account, &agent, new.clone(), world.now())?;
                }
                added.push((agent, exists));
            }
            Ok(added)
        })
        .await
    }

    /// Every entry of an agent, oldest first.
    pub async fn knowledge(&self, account: AccountId, agent: AgentId) -> Result<Vec<Knowledge>> {
        self.read(move |db| list(db, &account, &agent)).await
    }

    pub async fn knowledge_entry(&self, account: AccountId, agent: AgentId, id: KnowledgeId) -> Result<Knowledge> {
        self.read(move |db| entry(db, &account, &agent, &id)).await
    }

    /// Puts other content in the place of an entry's.
    pub async fn update_knowledge(
        &self,
        account: AccountId,
        agent: AgentId,
        id: KnowledgeId,
        new: NewKnowledge,
    ) -> Result<Knowledge> {
        self.write(move |db| {
            let before = entry(db, &account, &agent, &id)?;
            let size = i64::try_from(new.content.len()).unwrap_or(i64::MAX);
            let (kind, source) = (new.kind.as_str(), new.source.text());
            db.prepare_cached(UPDATE)?.execute(params![account, agent, id, kind, new.content, size, source])?;
            db.prepare_cached(GROW)?.execute(params![account, agent, 0, size - before.size_bytes])?;
            entry(db, &account, &agent, &id)
        })
        .await
    }

    pub async fn delete_knowledge(&self, account: AccountId, agent: AgentId, id: KnowledgeId) -> Result<()> {
        self.write(move |db| {
            let mut delete =
                db.prepare_cached("DELETE FROM knowledge WHERE account = ?1 AND agent = ?2 AND id = ?3 RETURNING size_bytes")?;
            let size: i64 = delete.query_row(params![account, agent, id], |row| row.get(0))?;
            db.prepare_cached(GROW)?.execute(params![account, agent, -1, -size])?;
            Ok(())
        })
        .await
    }
}

/// Puts `new` in the place of everything the agent knew; empty content leaves it knowing nothing.
pub fn replace(db: &Connection, world: &World, account: &AccountId, agent: &AgentId, new: NewKnowledge) -> Result<()> {
    db.prepare_cached("DELETE FROM knowledge WHERE account = ?1 AND agent = ?2")?.execute(params![account, agent])?;
    db.prepare_cached(EMPTY)?.execute(params![account, agent])?;
    if new.content.trim().is_empty() { Ok(()) } else { add(db, world, account, agent, new, world.now()) }
}

/// Entries are listed by their time: those that are added together keep their order by it.
pub fn add(db: &Connection, world: &World, account: &AccountId, agent: &AgentId, new: NewKnowledge, at: Time) -> Result<()> {
    let id: KnowledgeId = draw(db, world, "knowledge")?;
    let size = i64::try_from(new.content.len()).unwrap_or(i64::MAX);
    let (kind, source) = (new.kind.as_str(), new.source.text());
    db.prepare_cached(INSERT)?.execute(params![id, account, agent, kind, new.content, size, source, at])?;
    match db.prepare_cached(GROW)?.execute(params![account, agent, 1, size])? {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}

fn entry(db: &Connection, account: &AccountId, agent: &AgentId, id: &KnowledgeId) -> Result<Knowledge> {
    Ok(db.prepare_cached(FIND)?.query_row(params![account, agent, id], knowledge_of)?)
}

pub fn list(db: &Connection, account: &AccountId, agent: &AgentId) -> Result<Vec<Knowledge>> {
    let mut list = db.prepare_cached(LIST)?;
    Ok(list.query_map(params![account, agent], knowledge_of)?.collect::<rusqlite::Result<_>>()?)
}

fn knowledge_of(row: &Row) -> rusqlite::Result<Knowledge> {
    let (kind, source): (String, String) = (row.get(2)?, row.get(6)?);
    Ok(Knowledge {
        id: row.get(0)?,
        agent: row.get(1)?,
        kind: KnowledgeType::parse(&kind).map_err(|_| unreadable("knowledge type"))?,
        content: row.get(3)?,
        // One that a newer version wrote is no reason not to show the entry.
        source: Source::parse(&source).unwrap_or_default(),
        size_bytes: row.get(4)?,
        created_at: row.get(5)?,
    })
}
