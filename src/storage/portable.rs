//! Agents as files: written out whole, read in whole, and copied.

use rusqlite::{Connection, params};

use crate::domain::agent::Agent;
use crate::domain::agent::portable::{PortableAgent, PortableQuestion};
use crate::domain::id::{AccountId, AgentId};
use crate::domain::knowledge::KnowledgeCap;
use crate::storage::knowledge::counted;
use crate::storage::{Result, Store, agents, knowledge, questions};
use crate::world::World;

/// What the same passages mean need not be learnt again.
const COPY_VECTORS: &str = "
    INSERT INTO vectors (agent, text_hash, account, vector)
    SELECT ?3, text_hash, account, vector
    FROM vectors
    WHERE account = ?1 AND agent = ?2";

impl Store {
    pub async fn export_agent(&self, account: AccountId, id: AgentId) -> Result<PortableAgent> {
        self.read_heavy(move |db| read(&*db.unchecked_transaction()?, &account, &id)).await
    }

    /// All of it or nothing. `agents_max` counts active agents only.
    pub async fn import_agent(&self, account: AccountId, portable: PortableAgent, agents_max: Option<u32>) -> Result<Agent> {
        let (world, cap) = (self.world().clone(), self.knowledge_cap());
        let portable = PortableAgent { knowledge: portable.knowledge.into_iter().map(counted).collect(), ..portable };
        self.write(move |db| create(db, &world, &account, portable, agents_max, cap)).await
    }

    /// The copy answers like the agent from its first question on.
    pub async fn duplicate_agent(&self, account: AccountId, id: AgentId, agents_max: Option<u32>) -> Result<Agent> {
        let (world, cap) = (self.world().clone(), self.knowledge_cap());
        self.write(move |db| {
            let portable = read(db, &account, &id)?.copy();
            let copy = create(db, &world, &account, portable, agents_max, cap)?;
            db.prepare_cached(COPY_VECTORS)?.execute(params![account, id, copy.id])?;
            Ok(copy)
        })
        .await
    }
}

fn read(db: &Connection, account: &AccountId, id: &AgentId) -> Result<PortableAgent> {
    let agent = agents::agent(db, account, id)?;
    Ok(PortableAgent::of(agent, knowledge::list(db, account, id)?, questions::saved(db, account, id)?))
}

fn create(
    db: &Connection,
    world: &World,
    account: &AccountId,
    portable: PortableAgent,
    agents_max: Option<u32>,
    cap: KnowledgeCap,
) -> Result<Agent> {
    let PortableAgent { agent, knowledge, questions } = portable;
    let id = agents::create(db, world, account, agent, agents_max)?.id;
    for (place, entry) in (0_i64..).zip(knowledge) {
        knowledge::add(db, world, (account, &id), entry, world.now().plus_ms(place), cap)?;
    }
    for PortableQuestion { text, given } in questions {
        questions::save(db, world, account, &id, text, given)?;
    }
    agents::agent(db, account, &id)
}
