//! One turn, in reading order: keep the question, find the answer, show it, keep it.

use pollster::block_on;

use crate::answer::index::Index;
use crate::answer::indexes::Indexes;
use crate::answer::reply::{Question, Reply, reply};
use crate::answer::{Finished, Progress, Watcher};
use crate::domain::conversation::{Message, Passage, Source, Trace};
use crate::domain::id::ConversationId;
use crate::storage::{Answer, BegunTurn, Result, Store, Turn, VisitorMessage};
use crate::world::World;

/// Characters of an answer that are shown at once.
const DELTA_CHARS: usize = 24;
const PROVIDER: &str = "embedded";

/// Tells everything but the last word, which is returned: it is said once the visitor's turn is over.
pub fn run(store: &Store, world: &World, indexes: &Indexes, message: VisitorMessage, watcher: &Watcher) -> Progress {
    turn(store, world, indexes, message, watcher).map_or_else(Progress::Failed, Progress::Done)
}

fn turn(store: &Store, world: &World, indexes: &Indexes, message: VisitorMessage, watcher: &Watcher) -> Result<Finished> {
    let started_ms = world.instant_ms();
    let agent = message.agent.clone();
    let begun = match block_on(store.begin_turn(message))? {
        Turn::Begun(begun) => begun,
        Turn::Answered { conversation, question, answer, lead_captured } => {
            return Ok(repeat(watcher, conversation, question, answer, lead_captured));
        }
    };
    watcher.tell(Progress::Begun { conversation: begun.conversation.clone(), question: begun.question.clone() });
    let index = indexes.of(store, &agent)?;
    let reply = find(&index, &agent.name, &begun);
    let sources = titled(&reply.sources, &agent.name);
    show(watcher, &reply.text, &sources);
    let response_ms = world.instant_ms() - started_ms;
    let (lead_form, suggestions) = (reply.offer_person && !begun.lead_captured, reply.suggestions.clone());
    let gap = reply.gap(&begun.question.content);
    let answer = Answer { gap, ..answer_of(reply, sources, response_ms) };
    let message = block_on(store.finish_turn(agent, begun.conversation.clone(), answer))?;
    let conversation = begun.conversation;
    Ok(Finished { conversation, message, lead_form, lead_captured: begun.lead_captured, suggestions })
}

fn find(index: &Index, agent_name: &str, begun: &BegunTurn) -> Reply {
    let previous: Vec<&str> = begun.previous.iter().map(String::as_str).collect();
    reply(index, agent_name, &Question { text: &begun.question.content, previous: &previous })
}

/// The answer that this message got before, shown as if it were written now.
fn repeat(watcher: &Watcher, conversation: ConversationId, question: Message, answer: Message, lead_captured: bool) -> Finished {
    watcher.tell(Progress::Begun { conversation: Some(conversation.clone()), question });
    show(watcher, &answer.content, &answer.sources);
    let lead_form = !answer.answered && !lead_captured;
    let conversation = Some(conversation);
    Finished { conversation, message: answer, lead_form, lead_captured, suggestions: Vec::new() }
}

fn show(watcher: &Watcher, text: &str, sources: &[Source]) {
    for piece in pieces(text) {
        watcher.tell(Progress::Delta(piece.to_owned()));
    }
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

fn answer_of(reply: Reply, sources: Vec<Source>, response_ms: i64) -> Answer {
    let passages = reply.passages.iter().map(|p| Passage {
        knowledge: p.knowledge.clone(),
        heading: p.heading.clone(),
        score: f64::from(p.score),
    });
    let trace =
        Trace { zone: reply.zone.as_str().to_owned(), provider: PROVIDER.to_owned(), passages: passages.collect(), response_ms };
    Answer { sources, content: reply.text, answered: reply.answered, trace, gap: None }
}

/// Knowledge without a heading goes under the agent's name.
fn titled(sources: &[Source], agent_name: &str) -> Vec<Source> {
    let mut sources = sources.to_vec();
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
