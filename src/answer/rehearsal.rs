//! Questions that an agent's own people put to it from its pages: few at a time, and on the indexes of its visitors.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::answer::indexes::Indexes;
use crate::answer::reply::{Question, Reply, reply};
use crate::domain::agent::Agent;
use crate::storage::{self, Store};

/// A question may need an index of all that an agent knows, which takes a core for seconds.
const AT_ONCE_MAX: usize = 2;
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub enum Unheard {
    /// Others are being answered, and took longer than one can wait.
    Busy,
    Failed(storage::Error),
}

#[derive(Clone)]
pub struct Rehearsals {
    store: Store,
    indexes: Arc<Indexes>,
    turns: Arc<Semaphore>,
    patience: Duration,
}

impl Rehearsals {
    pub fn new(store: Store, indexes: Arc<Indexes>) -> Self {
        Self { store, indexes, turns: Arc::new(Semaphore::new(AT_ONCE_MAX)), patience: PATIENCE }
    }

    /// What is quoted from the knowledge, without models and without a trace in any statistic, in the order of the questions.
    pub async fn ask(&self, agent: Agent, questions: Vec<String>) -> Result<Vec<Reply>, Unheard> {
        let Ok(Ok(turn)) = timeout(self.patience, self.turns.clone().acquire_owned()).await else {
            return Err(Unheard::Busy);
        };
        let (store, indexes) = (self.store.clone(), self.indexes.clone());
        let asking = tokio::task::spawn_blocking(move || {
            // Held by the work: it goes on when whoever asked hangs up, and must count until it ends.
            let _held = turn;
            let index = indexes.of(&store, &agent)?;
            let caution = agent.answering.caution;
            Ok(questions.iter().map(|text| reply(&index, &agent.name, &Question::first(text, caution))).collect())
        });
        asking.await.map_err(|_| Unheard::Failed(storage::Error::Crashed))?.map_err(Unheard::Failed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::account::NewAdministrator;
    use crate::domain::agent::NewAgent;
    use crate::storage::{Keep, Use};
    use crate::world::World;
    use pollster::block_on;

    fn agent(store: &Store) -> Agent {
        let new = NewAdministrator::parse("A", "a@example.com", "A", "scale").unwrap();
        let account = block_on(store.create_administrator(new, String::new())).unwrap();
        let body = json!({ "name": "Ada", "knowledge_base": "Q: Where is parking?\nA: Behind the house." });
        let new = NewAgent::parse(body.as_object().unwrap()).unwrap();
        block_on(store.create_agent(account.id, new, None, Keep::nothing())).unwrap()
    }

    #[test]
    fn a_question_is_answered_on_the_index_that_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), World::machine(0), Use::Server).unwrap();
        let (agent, indexes) = (agent(&store), Arc::new(Indexes::default()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let rehearsals = Rehearsals::new(store.clone(), indexes.clone());
        let ask = || runtime.block_on(rehearsals.ask(agent.clone(), vec!["where is parking".into()])).unwrap();
        assert!(ask()[0].text.contains("Behind the house."));
        let kept = indexes.of(&store, &agent).unwrap();
        // The one that is kept, this one, and nobody else's.
        assert_eq!((ask().len(), Arc::strong_count(&kept)), (1, 2));
        assert!(Arc::ptr_eq(&kept, &indexes.of(&store, &agent).unwrap()));
        store.close();
    }

    #[test]
    fn whoever_asks_beside_two_others_waits_shortly_and_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), World::machine(0), Use::Server).unwrap();
        let agent = agent(&store);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let rehearsals = Rehearsals { patience: Duration::from_millis(20), ..Rehearsals::new(store.clone(), Arc::default()) };
        let ask = || runtime.block_on(rehearsals.ask(agent.clone(), vec!["where is parking".into()]));
        let first = rehearsals.turns.clone().try_acquire_owned().unwrap();
        assert!(ask().is_ok());
        let second = rehearsals.turns.clone().try_acquire_owned().unwrap();
        assert!(matches!(ask(), Err(Unheard::Busy)));
        drop((first, second));
        assert!(ask().is_ok());
        store.close();
    }
}
