//! Answers by language models: grounded in the knowledge, cleaned while they stream, and never alone, for behind the
//! last model stands the quoted answer.

mod anthropic;
mod attempt;
mod breaker;
mod call;
mod chain;
mod compose;
mod filter;
mod habits;
mod interrupt;
mod openai;
mod prompt;
mod slots;
mod sources;
mod sse;
mod wire;

use std::sync::Arc;

use crate::answer::model::breaker::Breaker;
use crate::answer::model::filter::Hold;
use crate::answer::model::habits::Habits;
use crate::answer::model::slots::{Slot, Slots};
use crate::answer::model::sources::fits;
use crate::config::{Answers, Config, Model};
use crate::domain::answering::ModelChoice;
use crate::domain::id::VisitorId;
use crate::domain::model_use::{Budget, DayUse};
use crate::domain::time::DAY_MS;
use crate::egress::Egress;
use crate::egress::guard::Policy;
use crate::limits::{Limiter, Window};
use crate::world::World;

pub use compose::{Ask, Composed, compose, embedded, is_asked};
pub use interrupt::{Interrupt, Reason};
pub use prompt::Said;

/// The models of the configuration; clones share what is known of how they do.
#[derive(Clone)]
pub struct Models {
    shared: Arc<Shared>,
}

struct Shared {
    chain: Vec<Named>,
    egress: Egress,
    world: World,
    limits: Answers,
    slots: Slots,
    visitors: Limiter<VisitorId>,
}

struct Named {
    name: String,
    model: Model,
    breaker: Breaker,
    habits: Habits,
}

impl Named {
    /// How much of its answers waits until it is known not to be thought.
    fn hold(&self) -> Hold {
        if self.model.thinks { Hold::All } else { self.habits.hold() }
    }

    /// Whether it may be asked. A model that reads the whole knowledge knows best whether it fits. One that would be given
    /// passages is not asked where none comes near the question, unless the agent wants that: it could only make
    /// something up, or be used for whatever else a stranger wants written.
    fn may_answer(&self, ask: &Ask) -> bool {
        ask.reply.matched || ask.agent.answering.ask_unmatched || fits(ask.index, self.model.knowledge_chars_max)
    }
}

impl Models {
    pub fn new(config: &Config, world: &World) -> Self {
        let named = |name: &String| {
            let model = config.models.get(name)?.clone();
            let habits = Habits::of(&model.model);
            Some(Named { name: name.clone(), model, breaker: Breaker::default(), habits })
        };
        // Where the operator says that a model is, is the operator's own decision; metadata stay blocked all the same.
        let everywhere = ["0.0.0.0/0", "::/0"].iter().filter_map(|range| range.parse().ok()).collect();
        let policy = Policy { allow_http: true, allow_private: true, allow: everywhere };
        Self {
            shared: Arc::new(Shared {
                chain: config.answers.models.iter().filter_map(named).collect(),
                egress: Egress::new(policy),
                world: world.clone(),
                slots: Slots::new(config.answers.model_calls_max),
                limits: config.answers.clone(),
                visitors: Limiter::new(),
            }),
        }
    }

    pub fn are_none(&self) -> bool {
        self.shared.chain.is_empty()
    }

    /// How many answers they may write at once.
    pub fn calls_max(&self) -> usize {
        if self.are_none() { 0 } else { self.shared.limits.model_calls_max }
    }

    /// Each model by its name, in the order in which they are tried, and whether it is left alone for having failed.
    pub fn resting(&self) -> Vec<(String, bool)> {
        self.shared.chain.iter().map(|named| (named.name.clone(), named.breaker.is_resting())).collect()
    }

    /// Those that may write for this agent, in the order in which they are tried.
    fn of(&self, choice: &ModelChoice) -> Vec<&Named> {
        let mut chain: Vec<&Named> = self.shared.chain.iter().collect();
        match choice {
            ModelChoice::Off => chain.clear(),
            ModelChoice::On => {}
            // A stable sort: the others keep their order.
            ModelChoice::First(first) => chain.sort_by_key(|named| named.name != *first),
        }
        chain
    }

    /// Whether budgets have to be asked for at all.
    pub fn has_budgets(&self) -> bool {
        self.budgets().iter().any(|(_, budget)| !budget.is_unlimited())
    }

    /// A place to write one answer, or why there is none. `used` is what was used today.
    pub fn admit(&self, ask: &Ask, visitor: Option<&VisitorId>, used: &DayUse) -> Result<Slot, &'static str> {
        if !self.of(&ask.agent.answering.model).iter().any(|named| named.may_answer(ask)) {
            return Err("unmatched");
        }
        let sums = [&used.agent, &used.account, &used.server];
        if let Some(((reason, _), _)) = self.budgets().iter().zip(sums).find(|((_, budget), used)| budget.is_used_up(used)) {
            return Err(reason);
        }
        let slot = self.shared.slots.take(&ask.agent.id).ok_or("busy")?;
        let limit = self.shared.limits.model_answers_per_visitor_day;
        let window = Window { limit, span_ms: DAY_MS };
        let admitted = |visitor| self.shared.visitors.admit(visitor, self.shared.world.instant_ms(), &[window]).allowed;
        if limit == 0 || visitor.is_none_or(admitted) { Ok(slot) } else { Err("budget_visitor") }
    }

    fn budgets(&self) -> [(&'static str, Budget); 3] {
        let limits = &self.shared.limits;
        let budget =
            |answers: u32, dollars: f64| Budget { answers: i64::from(answers), cost_micros: (dollars * 1e6).round() as i64 };
        [
            ("budget_agent", budget(limits.model_answers_per_agent_day, limits.model_cost_per_agent_day)),
            ("budget_account", budget(limits.model_answers_per_account_day, limits.model_cost_per_account_day)),
            ("budget_server", budget(limits.model_answers_per_server_day, limits.model_cost_per_server_day)),
        ]
    }
}
