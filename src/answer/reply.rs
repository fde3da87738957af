//! Answers a visitor's message from an index: the one way in to the embedded answerer.

use crate::answer::extract;
use crate::answer::gate::Verdict;
use crate::answer::index::Index;
use crate::answer::phrases;
use crate::answer::query::Query;
use crate::answer::retrieve::{Hit, search};
use crate::answer::smalltalk::{SmallTalk, meant, recognise};
use crate::answer::words::language::Language;
use crate::answer::words::vocabulary::leans_on_previous;
use crate::answer::words::{Word, words};
use crate::domain::answering::Caution;
use crate::domain::contact;
use crate::domain::conversation::Source;
use crate::domain::question::{Gap, QUESTION_CHARS_MAX};
use crate::reading::Chunk;

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
    /// Contact details in it reach the team.
    pub passes_on: bool,
    /// The one in which the visitor's page or browser is, where it is known.
    pub locale: Option<Language>,
}

impl<'a> Question<'a> {
    /// The first of a conversation.
    pub fn first(text: &'a str, caution: Caution) -> Question<'a> {
        Question { text, previous: &[], caution, passes_on: true, locale: None }
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
    /// In which the assistant's own words are.
    pub language: Language,
}

impl Reply {
    /// As it is said after `last`: who asks the same twice is told that it is the same.
    pub fn after(self, last: Option<&str>) -> Reply {
        let again = self.zone == Zone::Answer && last.is_some_and(|last| last.ends_with(&self.text));
        let text = if again { format!("{}\n\n{}", phrases::of(self.language).already_said, self.text) } else { self.text };
        Reply { text, ..self }
    }

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
    let understood = meant(text, found.query.vector.as_ref());
    let talk = understood.map(|(kind, _)| kind);
    let language = language_of(index, question, understood.map(|(_, language)| language));
    let chatter = recognise(text).is_some_and(is_chatter);
    let mut reply = match (talk, found.verdict) {
        (Some(SmallTalk::Noise), _) if !found.query.parts.iter().any(|part| part.known) => {
            small_talk(index, SmallTalk::Noise, agent_name, language)
        }
        _ if details && gives_details(index, &asked) => match question.passes_on {
            true => plain(Zone::Contact, phrases::of(language).contact, language),
            // The form that is offered then says why it is not taken.
            false => Reply { offer_person: true, ..small_talk(index, SmallTalk::Person, agent_name, language) },
        },
        (Some(kind), _) if chatter || !found.hits.first().is_some_and(|hit| index.gate.beats_talk(hit)) => {
            small_talk(index, kind, agent_name, language)
        }
        (_, Verdict::Answer) => answer(index, &found, Zone::Answer, language),
        (_, Verdict::Tentative) => answer(index, &found, Zone::Tentative, language),
        (_, Verdict::Unknown) => unknown(index, &found, language),
    };
    reply.offer_person |= talk.is_some_and(phrases::offers_person);
    reply.passages = passages(index, &found.hits);
    reply.subject = subject(&found.query, text);
    reply.matched = found.hits.first().is_some_and(|hit| index.gate.is_near(hit));
    reply
}

/// The language of the message; if it does not tell, of the visitor's messages before it, of the page, or of the knowledge.
fn language_of(index: &Index, question: &Question, talk: Option<Language>) -> Language {
    let told = Language::told(head(question.text)).or(talk.filter(|language| *language != Language::Other));
    let before = || question.previous.iter().rev().find_map(|before| Language::told(head(before)));
    told.or_else(before).or(question.locale).unwrap_or(index.language)
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
    if alone.verdict == Verdict::Answer || !leans(text, index.language, &alone.query) {
        return alone;
    }
    let together = Found::of(index, &format!("{} {text}", head(before)), question.caution);
    let still_about = alone.query.heavy().all(|(_, part)| part.known);
    if still_about && together.verdict > alone.verdict { together } else { alone }
}

fn leans(text: &str, language: Language, query: &Query) -> bool {
    recognise(text).is_none() && (leans_on_previous(text, language) || query.heavy().count() < FOLLOW_UP_PARTS_MAX)
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
    let rest = contact::without(text);
    (rest != text, rest)
}

/// Whether what stands beside contact details merely brings them: "my e-mail is", "I'm Jane from Acme".
fn gives_details(index: &Index, rest: &str) -> bool {
    let language = index.language;
    let spoken = words(rest);
    let begins = |word: &Word| language.is_asking(&word.text) || language.is_whether(&word.text);
    let asks = rest.contains(['?', '\u{61f}', '\u{ff1f}']) || spoken.first().is_some_and(begins);
    let telling = spoken.iter().filter(|word| word.text.len() > 2 && !language.is_light(&language.stem(&word.text))).count();
    !asks && telling <= CONTACT_WORDS_MAX
}

fn answer(index: &Index, found: &Found, zone: Zone, language: Language) -> Reply {
    let Some(hit) = found.hits.first() else { return unknown(index, found, language) };
    let chunk = &index.chunks[hit.chunk];
    let text = extract::answer(index, &found.query, hit.chunk);
    let origin = &index.origins[chunk.knowledge];
    let title = Some(chunk.heading()).filter(|title| !title.is_empty()).or(origin.title.as_deref()).unwrap_or_default();
    let source =
        Source { title: title.to_owned(), excerpt: extract::excerpt(index, &found.query, hit.chunk), url: origin.url.clone() };
    let tentative = zone == Zone::Tentative;
    let text = if tentative { format!("{}\n\n{text}", phrases::of(language).tentative) } else { text };
    Reply {
        sources: vec![source],
        offer_person: tentative,
        suggestions: if tentative { suggestions(index, &found.hits[1..]) } else { Vec::new() },
        ..plain(zone, &text, language)
    }
}

fn unknown(index: &Index, found: &Found, language: Language) -> Reply {
    let phrases = phrases::of(language);
    let text = if index.chunks.is_empty() { phrases.empty } else { phrases.unknown };
    Reply {
        answered: false,
        offer_person: true,
        suggestions: suggestions(index, &found.hits),
        ..plain(Zone::Unknown, text, language)
    }
}

fn small_talk(index: &Index, kind: SmallTalk, agent_name: &str, language: Language) -> Reply {
    let text = phrases::of(language).small_talk(kind, agent_name);
    let asks = matches!(kind, SmallTalk::Greeting | SmallTalk::Help | SmallTalk::Bot | SmallTalk::Maker | SmallTalk::Name);
    let suggestions = if asks { first_questions(index) } else { Vec::new() };
    Reply { suggestions, ..plain(Zone::SmallTalk(kind), &text, language) }
}

fn plain(zone: Zone, text: &str, language: Language) -> Reply {
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
        language,
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
