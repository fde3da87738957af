//! One turn, in reading order: keep the question, find the answer, show it, keep it.

use std::sync::Arc;

use pollster::block_on;

use crate::answer::index::Index;
use crate::answer::indexes::Indexes;
use crate::answer::model::{self, Ask, Composed, Interrupt, Models, Said};
use crate::answer::reply::{Question, Reply, reply};
use crate::answer::words::language::Language;
use crate::answer::{Finished, Progress, Watcher};
use crate::domain::agent::Agent;
use crate::domain::conversation::{Role, Source};
use crate::domain::id::{ConversationId, VisitorId};
use crate::domain::model_use::DayUse;
use crate::storage::{Answer, AnsweredTurn, BegunTurn, Result, Store, Turn, VisitorMessage, Writers};
use crate::world::World;

/// Characters of an answer that are shown at once.
const DELTA_CHARS: usize = 24;
/// Earlier messages of the visitor that a question is searched together with.
const PREVIOUS_MAX: usize = 3;
/// Why no model was asked, where more is asked than they are wanted for.
const OVER_LIMIT: &str = "over_limit";

/// What every turn needs.
pub struct Means {
    pub store: Store,
    pub world: World,
    pub indexes: Arc<Indexes>,
    pub models: Models,
}

/// Tells everything but the last word, which is returned: it is said once the visitor's turn is over.
pub fn run(means: &Means, message: VisitorMessage, watcher: &Watcher, interrupt: &Interrupt) -> Progress {
    turn(means, message, watcher, interrupt).map_or_else(Progress::Failed, Progress::Done)
}

fn turn(means: &Means, message: VisitorMessage, watcher: &Watcher, interrupt: &Interrupt) -> Result<Finished> {
    let started_ms = means.world.instant_ms();
    let (agent, visitor, writers) = (message.agent.clone(), message.visitor.clone(), message.writers);
    let locale = message.locale.as_deref().and_then(Language::of_locale);
    let begun = match block_on(means.store.begin_turn(message))? {
        Turn::Begun(begun) => *begun,
        Turn::Answered(turn) => return Ok(repeat(watcher, *turn)),
        Turn::Claimed { conversation, question, lead_captured } => {
            let conversation = Some(conversation);
            watcher.tell(Progress::Begun { conversation: conversation.clone(), question: *question });
            return Ok(Finished::by_person(conversation, lead_captured));
        }
    };
    watcher.tell(Progress::Begun { conversation: begun.conversation.clone(), question: begun.question.clone() });
    let index = means.indexes.of(&means.store, &agent)?;
    let reply = find(&index, &agent, &begun, locale);
    let retrieval_ms = means.world.instant_ms() - started_ms;
    let history: Vec<Said> = begun.history.iter().map(|(role, text)| Said { role: *role, text: text.clone() }).collect();
    let question = &begun.question.content;
    let ask = Ask { agent: &agent, index: &index, reply: &reply, question, history: &history, interrupt, started_ms };
    let mut composed = compose(means, &ask, &visitor, writers, watcher)?;
    composed.sources = titled(composed.sources, &agent.name);
    show_sources(watcher, &composed.sources);
    let (lead_form, suggestions) = (composed.offer_person && !begun.lead_captured, composed.suggestions.clone());
    let gap = composed.gap(&reply, question);
    let trace = composed.trace(&reply, retrieval_ms, means.world.instant_ms() - started_ms);
    let answer = Answer {
        content: composed.text,
        sources: composed.sources,
        answered: composed.answered,
        trace,
        gap,
        used: composed.used,
        replaces: begun.replaces,
        claims_count: begun.claims_count,
        ended_at: begun.ended_at,
    };
    let (conversation, lead_captured) = (begun.conversation, begun.lead_captured);
    Ok(match block_on(means.store.finish_turn(agent, conversation.clone(), answer))? {
        None => Finished::by_person(conversation, lead_captured),
        message => Finished { conversation, message, lead_form, lead_captured, suggestions },
    })
}

impl Finished {
    const fn by_person(conversation: Option<ConversationId>, lead_captured: bool) -> Self {
        Self { conversation, message: None, lead_form: false, lead_captured, suggestions: Vec::new() }
    }
}

fn find(index: &Index, agent: &Agent, begun: &BegunTurn, locale: Option<Language>) -> Reply {
    let said = begun.history.iter().filter(|(role, _)| *role == Role::User).map(|(_, text)| text.as_str());
    let said: Vec<&str> = said.collect();
    let previous = &said[said.len().saturating_sub(PREVIOUS_MAX)..];
    let (text, caution, passes_on) = (begun.question.content.as_str(), agent.answering.caution, begun.lead_captured);
    let question = Question { text, previous, caution, passes_on, locale };
    let last = begun.history.iter().rev().find(|(role, _)| *role == Role::Assistant).map(|(_, text)| text.as_str());
    reply(index, &agent.name, &question).after(last)
}

/// By a model, if one may and can; shown while it is written.
fn compose(means: &Means, ask: &Ask, visitor: &VisitorId, writers: Writers, watcher: &Watcher) -> Result<Composed> {
    let mut show = |text: &str| pieces(text).for_each(|piece| watcher.tell(Progress::Delta(piece.to_owned())));
    if !model::is_asked(&means.models, ask.agent, ask.reply) {
        show(&ask.reply.text);
        return Ok(model::embedded(ask.reply));
    }
    if writers == Writers::KnowledgeAlone {
        return Ok(model::compose(&means.models, ask, Err(OVER_LIMIT), &mut show));
    }
    let used = match means.models.has_budgets() {
        true => block_on(means.store.model_use(ask.agent.account.clone(), ask.agent.id.clone(), means.world.now()))?,
        false => DayUse::default(),
    };
    let place = means.models.admit(ask, Some(visitor), &used);
    Ok(model::compose(&means.models, ask, place, &mut show))
}

/// The answer that this message got before, shown as if it were written now.
fn repeat(watcher: &Watcher, turn: AnsweredTurn) -> Finished {
    let AnsweredTurn { conversation, question, answer, lead_captured } = turn;
    watcher.tell(Progress::Begun { conversation: Some(conversation.clone()), question });
    pieces(&answer.content).for_each(|piece| watcher.tell(Progress::Delta(piece.to_owned())));
    show_sources(watcher, &answer.sources);
    let lead_form = !answer.answered && !lead_captured;
    let conversation = Some(conversation);
    Finished { conversation, message: Some(answer), lead_form, lead_captured, suggestions: Vec::new() }
}

fn show_sources(watcher: &Watcher, sources: &[Source]) {
    if !sources.is_empty() {
        watcher.tell(Progress::Sources(sources.to_vec()));
    }
}

/// `text` in pieces that end at spaces; together they are the text.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let least = rest.char_indices().nth(DELTA_CHARS).map_or(rest.len(), |(at, _)| at);
        let end = rest[least..].find(' ').map_or(rest.len(), |at| least + at + 1);
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Knowledge without a heading goes under the agent's name.
fn titled(mut sources: Vec<Source>, agent_name: &str) -> Vec<Source> {
    for source in sources.iter_mut().filter(|source| source.title.is_empty()) {
        source.title = agent_name.to_owned();
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_of_a_text_are_the_text() {
        for text in ["", "short", "a text that is longer than one piece, with ümlauts and 😀 in it", &"x".repeat(200)] {
            assert_eq!(pieces(text).collect::<String>(), text);
        }
    }
}
