//! Each agent's index, built when it is first asked and again when its knowledge or its vectors have changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pollster::block_on;

use crate::answer::index::Index;
use crate::domain::agent::Agent;
use crate::domain::id::AgentId;
use crate::storage::{Learnt, Result, Store};

/// Indexes kept in memory, and the passages in all of them, which take some 5 KB each; past either, the one asked least
/// recently goes.
const KEPT_MAX: usize = 512;
const CHUNKS_MAX: usize = 100_000;

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

impl Kept {
    /// However large, one is kept.
    fn is_full(&self) -> bool {
        let chunks: usize = self.by_agent.values().map(|one| one.index.chunks.len()).sum();
        self.by_agent.len() > KEPT_MAX || self.by_agent.len() > 1 && chunks > CHUNKS_MAX
    }
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
        let Learnt { knowledge_version, vectors_version, .. } = *learnt;
        kept.clock += 1;
        let asked = kept.clock;
        kept.by_agent.insert(agent.id.clone(), One { knowledge_version, vectors_version, asked, index });
        while kept.is_full() {
            let oldest = kept.by_agent.iter().min_by_key(|(_, one)| one.asked).map(|(id, _)| id.clone());
            oldest.and_then(|id| kept.by_agent.remove(&id));
        }
    }
}
