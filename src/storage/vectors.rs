//! The vectors of an agent's passages, and which agents still lack some.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use crate::domain::agent::Agent;
use crate::domain::id::{AccountId, AgentId};
use crate::domain::knowledge::Knowledge;
use crate::storage::{Result, Store, agents, knowledge};

/// The first half of a text's SHA-256.
pub type TextHash = [u8; 16];

/// An agent's knowledge with what is known of its meaning, read at one instant.
pub struct Learnt {
    pub knowledge_version: i64,
    /// The version of the knowledge that the vectors are complete for.
    pub vectors_version: i64,
    pub knowledge: Vec<Knowledge>,
    pub vectors: HashMap<TextHash, Vec<u8>>,
}

const NEXT: &str = "
    SELECT id, account
    FROM agents
    WHERE vectors_version < knowledge_version
    LIMIT 1000";

const COUNT: &str = "
    SELECT count(*)
    FROM agents
    WHERE vectors_version < knowledge_version";

const LIST: &str = "
    SELECT text_hash, vector
    FROM vectors
    WHERE account = ?1 AND agent = ?2";

const KEEP: &str = "
    INSERT INTO vectors (agent, text_hash, account, vector)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (agent, text_hash) DO UPDATE SET vector = excluded.vector";

const FORGET: &str = "
    DELETE FROM vectors
    WHERE account = ?1 AND agent = ?2 AND text_hash = ?3";

const COMPLETE: &str = "
    UPDATE agents
    SET vectors_version = ?3
    WHERE account = ?1 AND id = ?2 AND vectors_version < ?3";

const ANY: &str = "SELECT 1 FROM vectors LIMIT 1";

const FORGET_ALL: &str = "DELETE FROM vectors";

const INCOMPLETE_ALL: &str = "
    UPDATE agents
    SET vectors_version = 0
    WHERE vectors_version > 0";

impl Store {
    pub async fn learnt(&self, account: AccountId, agent: AgentId) -> Result<Learnt> {
        self.read(move |db| {
            let tx = db.unchecked_transaction()?;
            let Agent { knowledge_version, vectors_version, .. } = agents::agent(&tx, &account, &agent)?;
            let knowledge = knowledge::list(&tx, &account, &agent)?;
            Ok(Learnt { knowledge_version, vectors_version, knowledge, vectors: list(&tx, &account, &agent)? })
        })
        .await
    }

    /// The agents whose knowledge has changed since their vectors were complete, some of them if there are many.
    pub async fn unencoded_agents(&self) -> Result<Vec<(AccountId, AgentId)>> {
        self.read(|db| {
            let mut list = db.prepare_cached(NEXT)?;
            Ok(list.query_map([], |row| Ok((row.get(1)?, row.get(0)?)))?.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    pub async fn unencoded_agents_count(&self) -> Result<i64> {
        self.read(|db| Ok(db.prepare_cached(COUNT)?.query_row([], |row| row.get(0))?)).await
    }

    pub async fn keep_vectors(&self, account: AccountId, agent: AgentId, vectors: Vec<(TextHash, Vec<u8>)>) -> Result<()> {
        self.write(move |db| {
            let mut keep = db.prepare_cached(KEEP)?;
            for (hash, vector) in &vectors {
                keep.execute(params![agent, hash, account, vector])?;
            }
            Ok(())
        })
        .await
    }

    /// Says that every passage of this version has its vector, and drops those of no passage.
    pub async fn complete_vectors(&self, account: AccountId, agent: AgentId, version: i64, unused: Vec<TextHash>) -> Result<()> {
        self.write(move |db| {
            let mut forget = db.prepare_cached(FORGET)?;
            for hash in &unused {
                forget.execute(params![account, agent, hash])?;
            }
            db.prepare_cached(COMPLETE)?.execute(params![account, agent, version])?;
            Ok(())
        })
        .await
    }

    /// Vectors made by any other encoder are dropped, and made again. Whether there are some.
    pub async fn use_encoder(&self, name: &'static str) -> Result<bool> {
        self.write(move |db| {
            if db.prepare_cached("SELECT 1 FROM encoder WHERE name = ?1")?.exists([name])? {
                return Ok(db.prepare_cached(ANY)?.exists([])?);
            }
            db.execute(FORGET_ALL, [])?;
            db.execute(INCOMPLETE_ALL, [])?;
            db.execute("DELETE FROM encoder", [])?;
            db.execute("INSERT INTO encoder (name) VALUES (?1)", [name])?;
            Ok(false)
        })
        .await
    }
}

fn list(db: &Connection, account: &AccountId, agent: &AgentId) -> Result<HashMap<TextHash, Vec<u8>>> {
    let mut list = db.prepare_cached(LIST)?;
    Ok(list.query_map(params![account, agent], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
}
