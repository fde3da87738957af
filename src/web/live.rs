//! News for open event streams: something about an agent has changed.

use tokio::sync::broadcast;

use crate::domain::id::AgentId;

/// Streams that fall further behind look at their agent anyway.
const BACKLOG_MAX: usize = 256;

#[derive(Clone)]
pub struct Live {
    changes: broadcast::Sender<AgentId>,
}

impl Default for Live {
    fn default() -> Self {
        Self { changes: broadcast::channel(BACKLOG_MAX).0 }
    }
}

impl Live {
    pub fn agent_changed(&self, agent: &AgentId) {
        // An error only means that no stream is open.
        let _ = self.changes.send(agent.clone());
    }

    pub fn changes(&self) -> broadcast::Receiver<AgentId> {
        self.changes.subscribe()
    }
}
