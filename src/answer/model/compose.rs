//! Makes one answer of what a model wrote and of the one that is quoted from the knowledge.

use crate::answer::index::Index;
use crate::answer::model::Models;
use crate::answer::model::chain::{Draft, Ending, write};
use crate::answer::model::interrupt::Interrupt;
use crate::answer::model::prompt::Said;
use crate::answer::model::slots::Slot;
use crate::answer::phrases;
use crate::answer::reply::{Reply, Zone};
use crate::domain::agent::Agent;
use crate::domain::answering::ModelChoice;
use crate::domain::conversation::{Generation, Passage, Source, Trace};
use crate::domain::model_use::ModelUse;
use crate::domain::question::Gap;

/// Passages of a trace.
const PASSAGES_KEPT: usize = 5;
const EMBEDDED: &str = "embedded";
const SUGGESTIONS_MAX: usize = 3;
const SUGGESTION_CHARS_MAX: usize = 80;
const ELLIPSIS: &str = "\u{2026}";

/// A question, with what the knowledge says to it.
pub struct Ask<'a> {
    pub agent: &'a Agent,
    pub index: &'a Index,
    /// The quoted answer, which is given where no model's is.
    pub reply: &'a Reply,
    pub question: &'a str,
    /// What was said before, newest last.
    pub history: &'a [Said],
    pub interrupt: &'a Interrupt,
    /// When the turn began, by the world's instants.
    pub started_ms: i64,
}

/// An answer, ready to be kept. All of its text was shown.
#[derive(Debug)]
pub struct Composed {
    pub text: String,
    pub sources: Vec<Source>,
    pub answered: bool,
    pub offer_person: bool,
    pub suggestions: Vec<String>,
    pub provider: String,
    pub generation: Option<Generation>,
    pub used: ModelUse,
}

impl Composed {
    /// What the knowledge lacks: what no model could answer from it either.
    pub fn gap(&self, reply: &Reply, question: &str) -> Option<Gap> {
        match (self.answered, reply.zone) {
            (false, _) => Some(reply.lacking(Zone::Unknown, question)),
            (true, Zone::Tentative) if self.provider == EMBEDDED => Some(reply.lacking(Zone::Tentative, question)),
            _ => None,
        }
    }

    pub fn trace(&self, reply: &Reply, retrieval_ms: i64, response_ms: i64) -> Trace {
        let passages = reply.passages.iter().take(PASSAGES_KEPT).map(|passage| Passage {
            knowledge: passage.knowledge.clone(),
            heading: passage.heading.clone(),
            score: f64::from(passage.score),
        });
        Trace {
            zone: reply.zone.as_str().to_owned(),
            provider: self.provider.clone(),
            passages: passages.collect(),
            response_ms,
            retrieval_ms,
            generation: self.generation.clone(),
        }
    }
}

/// Whether a model may have a say at all: not in small talk, not where the agent wants none.
pub fn is_asked(models: &Models, agent: &Agent, reply: &Reply) -> bool {
    !models.are_none() && agent.answering.model != ModelChoice::Off && !matches!(reply.zone, Zone::SmallTalk(_) | Zone::Contact)
}

/// `place` is where a model may write, or why none may.
pub fn compose(models: &Models, ask: &Ask, place: Result<Slot, &'static str>, show: &mut dyn FnMut(&str)) -> Composed {
    let slot = match place {
        Ok(slot) => slot,
        Err(reason) => return quoted(ask.reply, reason, show),
    };
    let draft = write(models, ask, show);
    drop(slot);
    match draft.ending {
        Ending::Whole => whole(ask.reply, draft, show),
        Ending::NoAnswer => unknown(ask, draft, show),
        Ending::Broken => broken(ask.reply, draft, "failed", show),
        Ending::Leaked => broken(ask.reply, draft, "leak", show),
        Ending::Uncited => broken(ask.reply, draft, "uncited", show),
        Ending::Interrupted(reason) => interrupted(ask.reply, draft, reason.as_str(), show),
    }
}

/// The quoted answer, because no model was asked.
fn quoted(reply: &Reply, reason: &str, show: &mut dyn FnMut(&str)) -> Composed {
    show(&reply.text);
    let generation = Generation { degraded: Some(reason.to_owned()), ..Generation::default() };
    Composed { generation: Some(generation), ..embedded(reply) }
}

/// The quoted answer where models are none of the matter.
pub fn embedded(reply: &Reply) -> Composed {
    Composed {
        text: reply.text.clone(),
        sources: reply.sources.clone(),
        answered: reply.answered,
        offer_person: reply.offer_person,
        suggestions: reply.suggestions.clone(),
        provider: EMBEDDED.to_owned(),
        generation: None,
        used: ModelUse::default(),
    }
}

fn whole(reply: &Reply, mut draft: Draft, show: &mut dyn FnMut(&str)) -> Composed {
    if draft.generation.truncated {
        add(&mut draft.text, ELLIPSIS, show);
    }
    // What rests on sources needs no person to confirm it, unless one was asked for.
    let sure = !draft.sources.is_empty();
    let offer_person = reply.offer_person && (!sure || reply.zone == Zone::Answer);
    let suggestions = if sure { Vec::new() } else { reply.suggestions.clone() };
    Composed { answered: true, offer_person, suggestions, ..of(draft) }
}

/// The model has read the passages and found no answer in them, so they are not quoted either.
fn unknown(ask: &Ask, mut draft: Draft, show: &mut dyn FnMut(&str)) -> Composed {
    draft.generation.degraded = Some("no_answer".to_owned());
    if draft.text.trim().is_empty() {
        add(&mut draft.text, phrases::of(ask.reply.language).unknown, show);
        draft.by = None;
    }
    let nearest = || {
        let headings = ask.reply.passages.iter().map(|passage| passage.heading.clone());
        let fits = |heading: &String| !heading.is_empty() && heading.chars().count() <= SUGGESTION_CHARS_MAX;
        let mut fitting: Vec<String> = headings.filter(fits).collect();
        fitting.dedup();
        fitting.truncate(SUGGESTIONS_MAX);
        fitting
    };
    let suggestions = if ask.reply.suggestions.is_empty() { nearest() } else { ask.reply.suggestions.clone() };
    Composed { answered: false, offer_person: true, suggestions, sources: Vec::new(), ..of(draft) }
}

/// What was shown stays; behind it, or in its place, stands the quoted answer, if there is one to the question.
fn broken(reply: &Reply, mut draft: Draft, reason: &str, show: &mut dyn FnMut(&str)) -> Composed {
    draft.generation.degraded = Some(reason.to_owned());
    if draft.text.is_empty() {
        show(&reply.text);
        return Composed { generation: Some(draft.generation), used: draft.used, ..embedded(reply) };
    }
    draft.generation.interrupted = Some("model_failed".to_owned());
    let knows = matches!(reply.zone, Zone::Answer | Zone::Tentative);
    let more = if knows { format!("{ELLIPSIS}\n\n{}", reply.text) } else { ELLIPSIS.to_owned() };
    add(&mut draft.text, &more, show);
    if knows {
        let known: Vec<Source> = reply.sources.iter().filter(|source| !has(&draft.sources, source)).cloned().collect();
        draft.sources.extend(known);
    }
    Composed { answered: true, offer_person: true, suggestions: reply.suggestions.clone(), ..of(draft) }
}

fn has(sources: &[Source], other: &Source) -> bool {
    sources.iter().any(|source| source.title == other.title && source.url == other.url)
}

/// Somebody ended it: what was shown is the answer. Where that is nothing, the quoted answer costs nobody any time.
fn interrupted(reply: &Reply, mut draft: Draft, reason: &str, show: &mut dyn FnMut(&str)) -> Composed {
    draft.generation.interrupted = Some(reason.to_owned());
    if draft.text.is_empty() {
        show(&reply.text);
        return Composed { generation: Some(draft.generation), used: draft.used, ..embedded(reply) };
    }
    Composed { answered: true, offer_person: false, suggestions: Vec::new(), ..of(draft) }
}

fn of(draft: Draft) -> Composed {
    Composed {
        text: draft.text,
        sources: draft.sources,
        answered: true,
        offer_person: false,
        suggestions: Vec::new(),
        provider: draft.by.unwrap_or_else(|| EMBEDDED.to_owned()),
        generation: Some(draft.generation),
        used: draft.used,
    }
}

fn add(text: &mut String, more: &str, show: &mut dyn FnMut(&str)) {
    text.push_str(more);
    show(more);
}
