//! Tries the models one after the other until one writes, or something was shown.

use std::time::{Duration, Instant};

use crate::answer::model::attempt::{Attempt, End, Fault};
use crate::answer::model::call::{Line, call};
use crate::answer::model::compose::Ask;
use crate::answer::model::filter::{Allowed, Filter, Found};
use crate::answer::model::interrupt::Reason;
use crate::answer::model::prompt::{Prompt, Wishes};
use crate::answer::model::sources::choose;
use crate::answer::model::{Models, Named};
use crate::domain::answering::Caution;
use crate::domain::conversation::{Generation, ModelFailure, Source};
use crate::domain::id::ALPHABET;
use crate::domain::model_use::{ModelUse, cost_micros};

const CANARY_CHARS: usize = 16;

/// What the models made of a question.
#[derive(Debug)]
pub struct Draft {
    /// What was shown of it.
    pub text: String,
    /// What it cites.
    pub sources: Vec<Source>,
    /// The model that wrote it, as the configuration calls it.
    pub by: Option<String>,
    pub ending: Ending,
    pub generation: Generation,
    pub used: ModelUse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Whole,
    NoAnswer,
    /// None could, or the one that had begun could not go on.
    Broken,
    Leaked,
    Uncited,
    Interrupted(Reason),
}

pub fn write(models: &Models, ask: &Ask, show: &mut dyn FnMut(&str)) -> Draft {
    let shared = &models.shared;
    let deadline = Instant::now() + Duration::from_millis(shared.limits.model_time_limit_ms);
    let mut draft = Draft {
        text: String::new(),
        sources: Vec::new(),
        by: None,
        ending: Ending::Broken,
        generation: Generation::default(),
        used: ModelUse::default(),
    };
    for named in models.of(&ask.agent.answering.model).into_iter().filter(|named| named.may_answer(ask)) {
        if Instant::now() >= deadline {
            draft.fail(named, "time_limit".to_owned());
            break;
        }
        let Some(leave) = named.breaker.take(shared.world.instant_ms()) else {
            draft.note(named, "resting".to_owned());
            continue;
        };
        let attempt = draft.attempt(models, named, ask, deadline, show);
        match attempt.end {
            // Of this one question: the model works, and others' questions go on to it.
            End::Failed(Fault::Refused) => leave.succeeded(),
            End::Failed(_) => leave.failed(shared.world.instant_ms(), attempt.retry_after_ms),
            // Says nothing about the model.
            End::Interrupted(_) => {}
            _ => leave.succeeded(),
        }
        if draft.settle(named, attempt) {
            break;
        }
    }
    draft
}

impl Draft {
    fn attempt(&mut self, models: &Models, named: &Named, ask: &Ask, deadline: Instant, show: &mut dyn FnMut(&str)) -> Attempt {
        let given = choose(ask.index, ask.reply, named.model.knowledge_chars_max);
        let canary = format!("cf{}", models.shared.world.pick(ALPHABET, CANARY_CHARS));
        let wishes = Wishes { agent_name: &ask.agent.name, answering: &ask.agent.answering };
        let prompt = Prompt::new(&wishes, &given, ask.history, ask.question, &canary);
        let allowed = Allowed::new(&given, &canary, &ask.agent.allowed_domains);
        let filter = Filter::new(&allowed, &prompt, &ask.agent.answering.instructions, named.hold());
        let (egress, interrupt) = (&models.shared.egress, ask.interrupt);
        let line = Line { egress, model: &named.model, habits: &named.habits, deadline, interrupt };
        let before_ms = models.shared.world.instant_ms() - ask.started_ms;
        let attempt = match ask.agent.answering.caution {
            Caution::High => call(&line, &prompt, filter, &mut |_| {}).judged(show),
            _ => call(&line, &prompt, filter, show),
        };
        named.habits.heard(attempt.seen, attempt.end == End::Whole);
        let first = attempt.first_token.map(|first| before_ms + i64::try_from(first.as_millis()).unwrap_or(i64::MAX));
        self.generation.first_token_ms = first.or(self.generation.first_token_ms);
        self.sources = attempt.cited.iter().filter_map(|number| Some(given.get(number - 1)?.source())).collect();
        attempt
    }

    /// Takes over what came of a call; whether that is the last word.
    fn settle(&mut self, named: &Named, attempt: Attempt) -> bool {
        self.account(named, &attempt);
        self.generation.truncated = attempt.end == End::Truncated;
        self.ending = match attempt.end {
            End::Whole | End::Truncated => Ending::Whole,
            End::Found(Found::NoAnswer) => Ending::NoAnswer,
            End::Uncited => Ending::Uncited,
            End::Found(Found::Leak) => {
                self.fail(named, "leak".to_owned());
                Ending::Leaked
            }
            End::Interrupted(reason) => Ending::Interrupted(reason),
            End::Failed(fault) => {
                let reason = match attempt.complaint.is_empty() {
                    true => fault.reason(),
                    false => format!("{}: {}", fault.reason(), attempt.complaint),
                };
                self.fail(named, reason);
                Ending::Broken
            }
        };
        let shown = !attempt.text.is_empty();
        if shown {
            self.by = Some(named.name.clone());
            self.generation.model = Some(named.model.model.clone());
        }
        // What a model says without being shown took a call as well: a budget that left it out would be none for questions
        // that the sources do not answer.
        self.used.answers = i64::from(shown || self.ending != Ending::Broken);
        self.text = attempt.text;
        // Once something was shown, another model could only begin anew.
        shown || self.ending != Ending::Broken
    }

    fn account(&mut self, named: &Named, attempt: &Attempt) {
        let (input, output) = (attempt.input_tokens, attempt.output_tokens);
        let cost = cost_micros(input, output, named.model.input_price, named.model.output_price);
        self.used += ModelUse { answers: 0, input_tokens: input, output_tokens: output, cost_micros: cost };
        self.generation.estimated |= attempt.estimated;
        self.generation.input_tokens = self.used.input_tokens;
        self.generation.output_tokens = self.used.output_tokens;
        self.generation.cost_micros = self.used.cost_micros;
    }

    fn fail(&mut self, named: &Named, reason: String) {
        tracing::warn!(model = named.name, reason, "a model did not answer");
        self.note(named, reason);
    }

    fn note(&mut self, named: &Named, reason: String) {
        self.generation.failures.push(ModelFailure { model: named.name.clone(), reason });
    }
}
