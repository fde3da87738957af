//! How many answers models write at the same time: bounded for all, so that quoted answers keep their threads, and for each agent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::id::AgentId;

#[derive(Clone)]
pub struct Slots {
    held: Arc<Mutex<HashMap<AgentId, usize>>>,
    most: usize,
}

impl Slots {
    pub fn new(most: usize) -> Self {
        Self { held: Arc::default(), most }
    }

    pub fn take(&self, agent: &AgentId) -> Option<Slot> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let own = held.get(agent).copied().unwrap_or(0);
        // Half of them, so that one busy website leaves room for the others.
        if held.values().sum::<usize>() >= self.most || own >= self.most.div_ceil(2) {
            return None;
        }
        held.insert(agent.clone(), own + 1);
        Some(Slot { slots: self.clone(), agent: agent.clone() })
    }
}

/// Held while a model writes.
pub struct Slot {
    slots: Slots,
    agent: AgentId,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.slots.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.agent) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.agent);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Identifier;

    #[test]
    fn one_agent_gets_half_and_all_of_them_no_more_than_there_are() {
        let slots = Slots::new(3);
        let (one, other) = (AgentId::from_random("a1b2c3d4e5"), AgentId::from_random("f6g7h8i9j0"));
        let first = slots.take(&one).unwrap();
        let _second = slots.take(&one).unwrap();
        assert!(slots.take(&one).is_none());
        let _third = slots.take(&other).unwrap();
        assert!(slots.take(&other).is_none());
        drop(first);
        assert!(slots.take(&other).is_some());
    }
}
