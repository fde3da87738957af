//! Answers visitors: a bounded number of threads, each doing one turn from the question to the stored answer. One more
//! learns what the knowledge means.

pub mod encoder;
pub mod eval;
mod extract;
pub mod gate;
pub mod index;
mod indexes;
mod learn;
mod lexicon;
pub mod model;
mod phrases;
mod pieces;
mod query;
mod rehearsal;
pub mod reply;
mod retrieve;
pub mod smalltalk;
mod spelling;
pub mod suggest;
mod turn;
mod vectors;
mod words;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, bounded};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::answer::encoder::Encoder;
use crate::answer::indexes::Indexes;
use crate::answer::model::{Interrupt, Models, Reason};
use crate::answer::rehearsal::Rehearsals;
use crate::answer::turn::Means;
use crate::config::Answers;
use crate::domain::agent::Agent;
use crate::domain::conversation::{Message, Source};
use crate::domain::id::{ConversationId, VisitorId};
use crate::storage::{self, Store, VisitorMessage};
use crate::supervise::{self, Stop};
use crate::world::World;

pub use rehearsal::Unheard;

/// What happens while a message is answered, in this order.
#[derive(Debug)]
pub enum Progress {
    /// The visitor's message is kept.
    Begun {
        conversation: Option<ConversationId>,
        question: Message,
    },
    Delta(String),
    Sources(Vec<Source>),
    /// The answer is kept, or there is none; nothing follows.
    Done(Finished),
    /// Nothing follows.
    Failed(storage::Error),
}

#[derive(Debug)]
pub struct Finished {
    pub conversation: Option<ConversationId>,
    /// None where a person has taken the conversation over and will answer.
    pub message: Option<Message>,
    /// A person is wanted or needed: the visitor should be asked for contact details.
    pub lead_form: bool,
    pub lead_captured: bool,
    pub suggestions: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// This visitor's last message is still being answered.
    StillAnswering,
    /// Too many messages wait.
    Full,
}

/// Whether this agent's newest knowledge is found by its words only, as yet.
pub fn is_learning(agent: &Agent) -> bool {
    agent.vectors_version < agent.knowledge_version && Encoder::embedded().is_some()
}

/// Hands messages to the answering threads; clones share them.
#[derive(Clone)]
pub struct Answerer {
    jobs: Arc<Mutex<Option<Sender<Job>>>>,
    answering: Answering,
    models: Models,
    rehearsals: Rehearsals,
    stop: Stop,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

/// Whose message is being answered, how that ends early, and what was shown of it.
type Answering = Arc<Mutex<HashMap<VisitorId, (Interrupt, Shown)>>>;

#[derive(Clone, Default)]
struct Shown(Arc<Mutex<String>>);

impl Shown {
    fn add(&self, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An answer that is being written. Nobody has to watch it.
pub struct Watched {
    pub progress: UnboundedReceiver<Progress>,
    pub interrupt: Interrupt,
}

struct Job {
    message: VisitorMessage,
    watcher: Watcher,
    turn: OneTurn,
}

/// Whoever watches may have gone; the turn goes on all the same.
struct Watcher(UnboundedSender<Progress>, Shown);

impl Watcher {
    fn tell(&self, progress: Progress) {
        if let Progress::Delta(text) = &progress {
            self.1.add(text);
        }
        let _ = self.0.send(progress);
    }
}

impl Answerer {
    /// Beside the threads for quoted answers, models have their own, so that a slow one makes nobody wait for a quote.
    pub fn start(store: &Store, world: &World, models: Models, config: &Answers) -> Self {
        let (jobs, waiting) = bounded::<Job>(config.queue_max);
        let (store, world) = (store.clone(), world.clone());
        let indexes = Arc::new(Indexes::default());
        let rehearsals = Rehearsals::new(store.clone(), indexes.clone());
        let means = Arc::new(Means { store, world, indexes, models: models.clone() });
        let stop = Stop::default();
        let spawn = |number| {
            let (means, waiting) = (means.clone(), waiting.clone());
            supervise::spawn(&format!("answer-{number}"), &stop, move || {
                waiting.iter().for_each(|Job { message, watcher, turn }| {
                    let run = || turn::run(&means, message, &watcher, &turn.interrupt);
                    let last = catch_unwind(AssertUnwindSafe(run)).unwrap_or(Progress::Failed(storage::Error::Crashed));
                    // Before the last word: whoever has it may say the next thing at once.
                    drop(turn);
                    watcher.tell(last);
                });
            })
        };
        let mut threads: Vec<JoinHandle<()>> = (0..config.threads + models.calls_max()).map(spawn).collect();
        let (learner, stopped) = (means.clone(), stop.clone());
        threads.push(supervise::spawn("vectors", &stop, move || learn::run(&learner.store, &learner.world, &stopped)));
        let (jobs, threads) = (Arc::new(Mutex::new(Some(jobs))), Arc::new(Mutex::new(threads)));
        Self { jobs, answering: Arc::default(), models, rehearsals, stop, threads }
    }

    /// Begins a turn that ends by itself; what is returned watches it, and may end it early.
    pub fn answer(&self, message: VisitorMessage) -> Result<Watched, Refused> {
        let turn = OneTurn::take(&self.answering, &message.visitor)?;
        let interrupt = turn.interrupt.clone();
        let (watcher, progress) = unbounded_channel();
        let job = Job { message, watcher: Watcher(watcher, turn.shown.clone()), turn };
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = jobs.as_ref().is_some_and(|jobs| jobs.try_send(job).is_ok());
        if sent { Ok(Watched { progress, interrupt }) } else { Err(Refused::Full) }
    }

    /// Ends the answer that the visitor waits for, if a model is writing it; whether one was on its way.
    pub fn interrupt(&self, visitor: &VisitorId) -> bool {
        let answering = self.answering.lock().unwrap_or_else(PoisonError::into_inner);
        answering.get(visitor).inspect(|(interrupt, _)| interrupt.set(Reason::Stopped)).is_some()
    }

    /// What has been shown so far of the answer that the visitor waits for, if anything.
    pub fn shown(&self, visitor: &VisitorId) -> Option<String> {
        let answering = self.answering.lock().unwrap_or_else(PoisonError::into_inner);
        answering.get(visitor).map(|(_, shown)| shown.text()).filter(|text| !text.is_empty())
    }

    /// Where an agent's own people ask it.
    pub const fn rehearsals(&self) -> &Rehearsals {
        &self.rehearsals
    }

    pub const fn models(&self) -> &Models {
        &self.models
    }

    /// How many agents have knowledge whose meaning is not learnt yet.
    pub async fn agents_learning(&self, store: &Store) -> i64 {
        if Encoder::embedded().is_none() {
            return 0;
        }
        store.unencoded_agents_count().await.unwrap_or_default()
    }

    pub fn is_answering(&self, visitor: &VisitorId) -> bool {
        self.answering.lock().unwrap_or_else(PoisonError::into_inner).contains_key(visitor)
    }

    /// Takes nothing more, and waits for the turns that are under way; what models have not written by now, they do not.
    pub fn stop(&self) {
        self.stop.set();
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        for (interrupt, _) in self.answering.lock().unwrap_or_else(PoisonError::into_inner).values() {
            interrupt.set(Reason::Closing);
        }
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A panic was logged where it happened.
            let _ = thread.join();
        }
    }
}

/// A visitor has one turn at a time; dropped, it lets the next one in.
struct OneTurn {
    answering: Answering,
    visitor: VisitorId,
    interrupt: Interrupt,
    shown: Shown,
}

impl OneTurn {
    fn take(answering: &Answering, visitor: &VisitorId) -> Result<Self, Refused> {
        let mut all = answering.lock().unwrap_or_else(PoisonError::into_inner);
        if all.contains_key(visitor) {
            return Err(Refused::StillAnswering);
        }
        let (interrupt, shown) = <(Interrupt, Shown)>::default();
        all.insert(visitor.clone(), (interrupt.clone(), shown.clone()));
        Ok(Self { answering: answering.clone(), visitor: visitor.clone(), interrupt, shown })
    }
}

impl Drop for OneTurn {
    fn drop(&mut self) {
        self.answering.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.visitor);
    }
}
