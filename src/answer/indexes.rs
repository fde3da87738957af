//! Each agent's index, built when it is first asked and again when its knowledge or its vectors have changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pollster::block_on;

use crate::answer::index::Index;
use crate::domain::agent::Agent;
use crate::domain::id::AgentId;
use crate::storage::{Learnt, Result, Store};

/// Indexes kept in memory; past this, the one asked least recently goes.
const KEPT_MAX: usize = 512;

#[derive(Default)]
pub struct Indexes {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    clock: u64,
    by_agent: HashMap<AgentId, One>,
}

struct One {
    knowledge_version: i64,
    vectors_version: i64,
    asked: u64,
    index: Arc<Index>,
}

impl Indexes {
    /// The index of what the agent knows now: `agent` was read for this very turn.
    pub fn of(&self, store: &Store, agent: &Agent) -> Result<Arc<Index>> {
        if let Some(index) = self.fresh(agent) {
            return Ok(index);
        }
        let learnt = block_on(store.learnt(agent.account.clone(), agent.id.clone()))?;
        let index = Arc::new(Index::learnt(&learnt));
        self.keep(agent, &learnt, index.clone());
        Ok(index)
    }

    fn fresh(&self, agent: &Agent) -> Option<Arc<Index>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clock += 1;
        let now = kept.clock;
        let fresh =
            |one: &&mut One| agent.knowledge_version <= one.knowledge_version && agent.vectors_version <= one.vectors_version;
        let one = kept.by_agent.get_mut(&agent.id).filter(fresh)?;
        one.asked = now;
        Some(one.index.clone())
    }

    fn keep(&self, agent: &Agent, learnt: &Learnt, index: Arc<Index>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = kept.clock;
        let Learnt { knowledge_version, vectors_version, .. } = *learnt;
        kept.by_agent.insert(agent.id.clone(), One { knowledge_version, vectors_version, asked, index });
        if kept.by_agent.len() > KEPT_MAX {
            let oldest = kept.by_agent.iter().min_by_key(|(_, one)| one.asked).map(|(id, _)| id.clone());
            oldest.and_then(|id| kept.by_agent.remove(&id));
        }
    }
}
