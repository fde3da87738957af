//! Answers a visitor's message from an index: the one way in to the embedded answerer.

use crate::answer::chunk::Chunk;
use crate::answer::extract;
use crate::answer::gate::Verdict;
use crate::answer::index::Index;
use crate::answer::lexicon::is_light;
use crate::answer::phrases;
use crate::answer::query::Query;
use crate::answer::retrieve::{Hit, search};
use crate::answer::smalltalk::{SmallTalk, recognise};
use crate::answer::words::words;
use crate::domain::answering::Caution;
use crate::domain::contact;
use crate::domain::conversation::Source;
use crate::domain::question::{Gap, QUESTION_CHARS_MAX};

const SUGGESTIONS_MAX: usize = 3;
const SUBJECT_CHARS_MAX: usize = 200;
const SUGGESTION_CHARS_MAX: usize = 80;
const FOLLOW_UP_PARTS_MAX: usize = 3;
const TEXT_CHARS_MAX: usize = 2_000;
/// A message with contact details and at most so many other words that matter is about the details.
const CONTACT_WORDS_MAX: usize = 6;

#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub text: &'a str,
    /// The visitor's earlier messages, newest last.
    pub previous: &'a [&'a str],
    /// The agent's: how sure it must be to answer.
    pub caution: Caution,
}

impl<'a> Question<'a> {
    /// The first of a conversation.
    pub fn first(text: &'a str, caution: Caution) -> Question<'a> {
        Question { text, previous: &[], caution }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Zone {
    Answer,
    Tentative,
    Unknown,
    SmallTalk(SmallTalk),
    Contact,
}

impl Zone {
    pub fn as_str(self) -> &'static str {
        match self {
            Zone::Answer => "answer",
            Zone::Tentative => "tentative",
            Zone::Unknown => "unknown",
            Zone::SmallTalk(kind) => kind.as_str(),
            Zone::Contact => "contact",
        }
    }
}

/// A passage that was considered, for the trace.
#[derive(Clone, PartialEq, Debug)]
pub struct Passage {
    /// Which of the index's chunks.
    pub chunk: usize,
    pub knowledge: String,
    pub heading: String,
    pub text: String,
    pub score: f32,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Reply {
    pub text: String,
    pub sources: Vec<Source>,
    pub answered: bool,
    pub zone: Zone,
    /// Whether to show the form that reaches a person.
    pub offer_person: bool,
    pub suggestions: Vec<String>,
    /// What was considered, best first.
    pub passages: Vec<Passage>,
    /// What the question is about, in its words' stems: alike questions have the same.
    pub subject: String,
    /// Whether anything in the knowledge comes near the question.
    pub matched: bool,
}

impl Reply {
    /// What the knowledge lacks, where this is no plain answer.
    pub fn lacking(&self, zone: Zone, question: &str) -> Gap {
        let text = question.chars().take(QUESTION_CHARS_MAX).collect();
        Gap { subject: self.subject.clone(), text, zone: zone.as_str() }
    }
}

pub fn reply(index: &Index, agent_name: &str, question: &Question) -> Reply {
    let text = head(question.text);
    let (details, asked) = without_contact(text);
    let found = best_of(index, &asked, question);
    let talk = recognise(text);
    let mut reply = match (talk, found.verdict) {
        (Some(SmallTalk::Noise), _) => small_talk(index, SmallTalk::Noise, agent_name),
        _ if details && gives_details(index, &asked) => plain(Zone::Contact, phrases::CONTACT),
        (Some(kind), _) if is_chatter(kind) || !found.hits.first().is_some_and(|hit| index.gate.beats_talk(hit)) => {
            small_talk(index, kind, agent_name)
        }
        (_, Verdict::Answer) => answer(index, &found, Zone::Answer),
        (_, Verdict::Tentative) => answer(index, &found, Zone::Tentative),
        (_, Verdict::Unknown) => unknown(index, &found),
    };
    reply.offer_person |= talk.is_some_and(phrases::offers_person);
    reply.passages = passages(index, &found.hits);
    reply.subject = subject(&found.query, text);
    reply.matched = found.hits.first().is_some_and(|hit| index.gate.is_near(hit));
    reply
}

/// A question searched for, and what came of it.
struct Found {
    query: Query,
    hits: Vec<Hit>,
    verdict: Verdict,
}

impl Found {
    fn of(index: &Index, text: &str, caution: Caution) -> Found {
        let query = Query::of(index, text);
        let hits = search(index, &query);
        let verdict = hits.first().map_or(Verdict::Unknown, |hit| index.gate.judge(&query, hit, caution));
        Found { query, hits, verdict }
    }
}

/// A message that leans on the one before it ("and for children?") is read together with it, if that tells more.
fn best_of(index: &Index, text: &str, question: &Question) -> Found {
    let alone = Found::of(index, text, question.caution);
    let Some(before) = question.previous.iter().rev().find(|before| recognise(before).is_none()) else { return alone };
    if alone.verdict == Verdict::Answer || !leans(text, &alone.query) {
        return alone;
    }
    let together = Found::of(index, &format!("{} {text}", head(before)), question.caution);
    let still_about = alone.query.heavy().all(|(_, part)| part.known);
    if still_about && together.verdict > alone.verdict { together } else { alone }
}

fn leans(text: &str, query: &Query) -> bool {
    const OPENERS: [&str; 6] = ["and", "what about", "how about", "also", "or", "but"];
    const POINTERS: [&str; 10] = ["it", "that", "this", "they", "them", "those", "these", "one", "there", "same"];
    let spoken: Vec<String> = words(text).into_iter().map(|word| word.text).collect();
    let opens = OPENERS.iter().any(|opener| spoken.join(" ").starts_with(opener));
    let points = spoken.iter().any(|word| POINTERS.contains(&word.as_str()));
    recognise(text).is_none() && (opens || points || query.heavy().count() < FOLLOW_UP_PARTS_MAX)
}

/// Talk that never asks anything, whatever words of the knowledge it uses.
fn is_chatter(kind: SmallTalk) -> bool {
    matches!(
        kind,
        SmallTalk::Greeting
            | SmallTalk::HowAreYou
            | SmallTalk::Thanks
            | SmallTalk::Goodbye
            | SmallTalk::Bot
            | SmallTalk::Yes
            | SmallTalk::No
            | SmallTalk::Acknowledged
    )
}

/// Whether the message holds an address or a number, and the message without them.
fn without_contact(text: &str) -> (bool, String) {
    let found = contact::find(text);
    let mut rest = text.to_owned();
    for detail in found.email.iter().chain(&found.phone) {
        rest = rest.replacen(detail.as_str(), " ", 1);
    }
    (found != contact::Contact::default(), rest)
}

/// Whether what stands beside contact details merely brings them: "my e-mail is", "I'm Jane from Acme".
fn gives_details(index: &Index, rest: &str) -> bool {
    const ASKING: [&str; 12] = ["how", "what", "when", "where", "why", "who", "which", "is", "are", "do", "does", "can"];
    let spoken = words(rest);
    let asks = rest.contains('?') || spoken.first().is_some_and(|word| ASKING.contains(&word.text.as_str()));
    let telling = spoken.iter().filter(|word| word.text.len() > 2 && !is_light(&index.language.stem(&word.text))).count();
    !asks && telling <= CONTACT_WORDS_MAX
}

fn answer(index: &Index, found: &Found, zone: Zone) -> Reply {
    let Some(hit) = found.hits.first() else { return unknown(index, found) };
    let chunk = &index.chunks[hit.chunk];
    let text = extract::answer(index, &found.query, hit.chunk);
    let origin = &index.origins[chunk.knowledge];
    let title = Some(chunk.heading()).filter(|title| !title.is_empty()).or(origin.title.as_deref()).unwrap_or_default();
    let source =
        Source { title: title.to_owned(), excerpt: extract::excerpt(index, &found.query, hit.chunk), url: origin.url.clone() };
    let tentative = zone == Zone::Tentative;
    let text = if tentative { format!("{}\n\n{text}", phrases::TENTATIVE) } else { text };
    Reply {
        sources: vec![source],
        offer_person: tentative,
        suggestions: if tentative { suggestions(index, &found.hits[1..]) } else { Vec::new() },
        ..plain(zone, &text)
    }
}

fn unknown(index: &Index, found: &Found) -> Reply {
    let text = if index.chunks.is_empty() { phrases::EMPTY } else { phrases::UNKNOWN };
    Reply { answered: false, offer_person: true, suggestions: suggestions(index, &found.hits), ..plain(Zone::Unknown, text) }
}

fn small_talk(index: &Index, kind: SmallTalk, agent_name: &str) -> Reply {
    let text = phrases::small_talk(kind, agent_name);
    let asks = matches!(kind, SmallTalk::Greeting | SmallTalk::Help | SmallTalk::Bot | SmallTalk::Name);
    let suggestions = if asks { first_questions(index) } else { Vec::new() };
    Reply { suggestions, ..plain(Zone::SmallTalk(kind), &text) }
}

fn plain(zone: Zone, text: &str) -> Reply {
    Reply {
        text: text.to_owned(),
        sources: Vec::new(),
        answered: true,
        zone,
        offer_person: false,
        suggestions: Vec::new(),
        passages: Vec::new(),
        subject: String::new(),
        matched: false,
    }
}

/// The words that matter, in the order of the alphabet; the text itself where none does.
fn subject(query: &Query, text: &str) -> String {
    let mut words: Vec<&str> = query.heavy().map(|(_, part)| part.word.as_str()).collect();
    words.sort_unstable();
    words.dedup();
    let subject = if words.is_empty() { text.trim().to_lowercase() } else { words.join(" ") };
    subject.chars().take(SUBJECT_CHARS_MAX).collect()
}

/// The questions of the nearest chunks, to press instead of typing.
fn suggestions(index: &Index, hits: &[Hit]) -> Vec<String> {
    let near = hits.iter().filter(|hit| hit.confidence() > index.gate.noise / 2.0);
    named(near.map(|hit| &index.chunks[hit.chunk]))
}

/// Questions that the knowledge surely answers.
pub fn first_questions(index: &Index) -> Vec<String> {
    named(index.chunks.iter())
}

fn named<'a>(chunks: impl Iterator<Item = &'a Chunk>) -> Vec<String> {
    let mut named: Vec<String> = Vec::new();
    for chunk in chunks {
        let name = chunk.heading();
        let fits = !name.is_empty() && name != chunk.title && name.chars().count() <= SUGGESTION_CHARS_MAX;
        if fits && !named.iter().any(|other| other == name) {
            named.push(name.to_owned());
        }
        if named.len() == SUGGESTIONS_MAX {
            break;
        }
    }
    named
}

/// What the gate says of a question, and the entries nearest to it: for measuring.
#[derive(Clone, PartialEq, Debug)]
pub struct Judged {
    /// Ids of entries, best first, each once.
    pub nearest: Vec<String>,
    pub score: f32,
    pub verdict: Verdict,
}

pub fn judge(index: &Index, text: &str) -> Judged {
    let found = Found::of(index, head(text), Caution::Normal);
    let mut nearest: Vec<String> = Vec::new();
    for hit in &found.hits {
        let id = &index.origins[index.chunks[hit.chunk].knowledge].id;
        if !nearest.contains(id) {
            nearest.push(id.clone());
        }
    }
    Judged {
        nearest,
        score: found.hits.first().map_or(f32::MIN, |hit| index.gate.sure(&found.query, hit)),
        verdict: found.verdict,
    }
}

fn passages(index: &Index, hits: &[Hit]) -> Vec<Passage> {
    hits.iter().map(|hit| passage(index, hit)).collect()
}

fn passage(index: &Index, hit: &Hit) -> Passage {
    let chunk = &index.chunks[hit.chunk];
    let knowledge = index.origins[chunk.knowledge].id.clone();
    Passage {
        chunk: hit.chunk,
        knowledge,
        heading: chunk.heading().to_owned(),
        text: chunk.text.clone(),
        score: hit.confidence(),
    }
}

fn head(text: &str) -> &str {
    text.char_indices().nth(TEXT_CHARS_MAX).map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests;
