//! Knowledge entries, and the totals that their agent carries.

use rusqlite::{Connection, Row, params};

use crate::domain::id::{AccountId, AgentId, KnowledgeId};
use crate::domain::knowledge::{Knowledge, KnowledgeCap, KnowledgeTotals, KnowledgeType, NewKnowledge, Source};
use crate::domain::time::Time;
use crate::reading;
use crate::storage::columns::unreadable;
use crate::storage::{Error, Keep, Result, Store, agents, draw};
use crate::world::World;

const INSERT: &str = "
    INSERT INTO knowledge (id, account, agent, type, content, size_bytes, source, created_at, passages)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const GROW: &str = "
    UPDATE agents
    SET knowledge_entries = knowledge_entries + ?3,
        knowledge_bytes = knowledge_bytes + ?4,
        knowledge_passages = knowledge_passages + ?5,
        knowledge_version = knowledge_version + 1
    WHERE account = ?1 AND id = ?2";

const EMPTY: &str = "
    UPDATE agents
    SET knowledge_entries = 0, knowledge_bytes = 0, knowledge_passages = 0, knowledge_version = knowledge_version + 1
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

const KNOWN: &str = "
    SELECT knowledge_bytes, knowledge_passages
    FROM agents
    WHERE account = ?1 AND id = ?2";

const UPDATE: &str = "
    UPDATE knowledge
    SET type = ?4, content = ?5, size_bytes = ?6, passages = ?8, source = CASE ?7 WHEN '' THEN source ELSE ?7 END
    WHERE account = ?1 AND agent = ?2 AND id = ?3";

impl Store {
    pub async fn add_knowledge(
        &self,
        account: AccountId,
        agent: AgentId,
        new: NewKnowledge,
        keep: Keep<KnowledgeTotals>,
    ) -> Result<KnowledgeTotals> {
        let (world, cap, new) = (self.world().clone(), self.knowledge_cap(), counted(new));
        self.write_once(keep, move |db| {
            agents::agent(db, &account, &agent)?;
            add(db, &world, (&account, &agent), new, world.now(), cap)?;
            let after = agents::agent(db, &account, &agent)?;
            let (entries, size_bytes) = (after.knowledge_entries, after.knowledge_size_bytes);
            Ok(KnowledgeTotals { agent, entries, size_bytes, added_at: world.now() })
        })
        .await
    }

    /// Adds the same content to several agents; says for each how it went.
    pub async fn add_knowledge_to(
        &self,
        account: AccountId,
        agents: Vec<AgentId>,
        new: NewKnowledge,
        keep: Keep<Vec<(AgentId, Result<()>)>>,
    ) -> Result<Vec<(AgentId, Result<()>)>> {
        let (world, cap, new) = (self.world().clone(), self.knowledge_cap(), counted(new));
        self.write_once(keep, move |db| {
            let add_to = |agent: AgentId| {
                let found = agents::agent(db, &account, &agent);
                match found.and_then(|_| add(db, &world, (&account, &agent), new.clone(), world.now(), cap)) {
                    Err(error) if !matches!(error, Error::NotFound | Error::TooMuchKnowledge(_)) => Err(error),
                    added => Ok((agent, added)),
                }
            };
            agents.into_iter().map(add_to).collect()
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
        let (cap, new) = (self.knowledge_cap(), counted(new));
        self.write(move |db| {
            let (size_before, passages_before) = measures(db, &account, &agent, &id)?;
            let grows = (new.size_bytes() - size_before, new.passages() - passages_before);
            check_room(db, (&account, &agent), grows, cap)?;
            let (kind, source, size) = (new.kind.as_str(), new.source.text(), new.size_bytes());
            let values = params![account, agent, id, kind, new.content, size, source, new.passages()];
            db.prepare_cached(UPDATE)?.execute(values)?;
            db.prepare_cached(GROW)?.execute(params![account, agent, 0, grows.0, grows.1])?;
            entry(db, &account, &agent, &id)
        })
        .await
    }

    pub async fn delete_knowledge(&self, account: AccountId, agent: AgentId, id: KnowledgeId) -> Result<()> {
        self.write(move |db| {
            let mut delete = db.prepare_cached(
                "DELETE FROM knowledge WHERE account = ?1 AND agent = ?2 AND id = ?3 RETURNING size_bytes, passages",
            )?;
            let (size, passages): (i64, i64) =
                delete.query_row(params![account, agent, id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            db.prepare_cached(GROW)?.execute(params![account, agent, -1, -size, -passages])?;
            Ok(())
        })
        .await
    }
}

/// Puts `new` in the place of everything the agent knew; empty content leaves it knowing nothing.
pub fn replace(db: &Connection, world: &World, account: &AccountId, agent: &AgentId, new: NewKnowledge) -> Result<()> {
    db.prepare_cached("DELETE FROM knowledge WHERE account = ?1 AND agent = ?2")?.execute(params![account, agent])?;
    db.prepare_cached(EMPTY)?.execute(params![account, agent])?;
    // One entry by itself is no more than an agent may know.
    if new.content.trim().is_empty() { Ok(()) } else { insert(db, world, (account, agent), new, world.now()) }
}

/// With its passages counted: before the transaction, for it takes a while.
pub fn counted(new: NewKnowledge) -> NewKnowledge {
    NewKnowledge { passages: Some(reading::count(&new)), ..new }
}

/// Entries are listed by their time: those that are added together keep their order by it.
pub fn add(
    db: &Connection,
    world: &World,
    (account, agent): (&AccountId, &AgentId),
    new: NewKnowledge,
    at: Time,
    cap: KnowledgeCap,
) -> Result<()> {
    check_room(db, (account, agent), (new.size_bytes(), new.passages()), cap)?;
    insert(db, world, (account, agent), new, at)
}

fn insert(db: &Connection, world: &World, (account, agent): (&AccountId, &AgentId), new: NewKnowledge, at: Time) -> Result<()> {
    let (size, passages) = (new.size_bytes(), new.passages());
    let id: KnowledgeId = draw(db, world, "knowledge")?;
    let (kind, source) = (new.kind.as_str(), new.source.text());
    db.prepare_cached(INSERT)?.execute(params![id, account, agent, kind, new.content, size, source, at, passages])?;
    match db.prepare_cached(GROW)?.execute(params![account, agent, 1, size, passages])? {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}

/// Whether the agent may know so much more, in bytes and passages. What becomes less is never refused.
fn check_room(db: &Connection, (account, agent): (&AccountId, &AgentId), grows: (i64, i64), cap: KnowledgeCap) -> Result<()> {
    if grows.0 <= 0 && grows.1 <= 0 {
        return Ok(());
    }
    let known = db.prepare_cached(KNOWN)?.query_row(params![account, agent], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (bytes, passages): (i64, i64) = known;
    match cap.refuses(bytes + grows.0, passages + grows.1) {
        Some(reason) => Err(Error::TooMuchKnowledge(reason)),
        None => Ok(()),
    }
}

/// How large an entry is, in bytes and passages.
fn measures(db: &Connection, account: &AccountId, agent: &AgentId, id: &KnowledgeId) -> Result<(i64, i64)> {
    let sql = "SELECT size_bytes, passages FROM knowledge WHERE account = ?1 AND agent = ?2 AND id = ?3";
    Ok(db.prepare_cached(sql)?.query_row(params![account, agent, id], |row| Ok((row.get(0)?, row.get(1)?)))?)
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
