//! The messages of a conversation as a page shows them, each answer with why it was given.

use crate::domain::conversation::{Author, Generation, Message, Source, Trace};
use crate::domain::id::MessageId;
use crate::web::dashboard::display::{PageUrl, When};

/// One message of the transcript.
pub struct MessageRow {
    pub speaker: Speaker,
    /// The operator's name.
    pub operator: String,
    pub content: String,
    pub time: When,
    /// False where the agent said that its knowledge does not hold the answer.
    pub answered: bool,
    /// The visitor's thumb: whether it was up.
    pub rated: Option<bool>,
    pub sources: Vec<SourceRow>,
    pub why: Option<WhyRow>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    Visitor,
    Agent,
    Operator,
}

impl Speaker {
    pub fn as_str(self) -> &'static str {
        match self {
            Speaker::Visitor => "visitor",
            Speaker::Agent => "agent",
            Speaker::Operator => "operator",
        }
    }
}

/// A passage that an answer was drawn from.
pub struct SourceRow {
    pub title: String,
    pub excerpt: String,
    pub page: PageUrl,
    pub score: f64,
}

/// Why an answer was given: facts by name, and the passages that were found.
pub struct WhyRow {
    pub facts: Vec<(&'static str, String)>,
    /// Heading and score, best first.
    pub passages: Vec<(String, f64)>,
}

pub fn rows(messages: Vec<Message>, ratings: &[(MessageId, bool)]) -> Vec<MessageRow> {
    let rated = |id: &MessageId| ratings.iter().find(|(rated, _)| rated == id).map(|(_, up)| *up);
    messages.into_iter().map(|message| MessageRow::new(rated(&message.id), message)).collect()
}

impl MessageRow {
    fn new(rated: Option<bool>, message: Message) -> Self {
        let passages = message.trace.as_ref().map(|trace| trace.passages.as_slice()).unwrap_or_default();
        let score = |source: &Source| {
            let own = passages.iter().find(|passage| passage.heading == source.title);
            own.or(passages.first()).map_or(0.0, |passage| passage.score)
        };
        let sources = message.sources.iter().map(|source| SourceRow {
            title: source.title.clone(),
            excerpt: source.excerpt.clone(),
            page: PageUrl(source.url.clone().unwrap_or_default()),
            score: score(source),
        });
        Self {
            speaker: match message.author {
                Author::Visitor => Speaker::Visitor,
                Author::Agent => Speaker::Agent,
                Author::Operator => Speaker::Operator,
            },
            sources: sources.collect(),
            why: message.trace.map(WhyRow::new),
            operator: message.operator.unwrap_or_else(|| "Operator".to_owned()),
            time: When::new(message.created_at),
            answered: message.answered,
            content: message.content,
            rated,
        }
    }
}

impl WhyRow {
    fn new(trace: Trace) -> Self {
        let written = trace.generation.unwrap_or_default();
        let mut facts = vec![("Found", trace.zone), ("Written by", writer(&trace.provider, &written))];
        facts.push(("Search", milliseconds(trace.retrieval_ms)));
        facts.extend(written.first_token_ms.map(|ms| ("First word", milliseconds(ms))));
        facts.push(("Whole answer", milliseconds(trace.response_ms)));
        if 0 < written.input_tokens + written.output_tokens {
            let about = if written.estimated { "about " } else { "" };
            facts.push(("Tokens", format!("{about}{} in, {} out", written.input_tokens, written.output_tokens)));
            facts.push(("Cost", format!("${:.4}", written.cost_micros as f64 / 1e6)));
        }
        facts.extend(written.degraded.map(|reason| ("Quoted because", said(&reason))));
        facts
            .extend(written.failures.iter().map(|failure| ("Failed", format!("{}: {}", failure.model, spaced(&failure.reason)))));
        facts.extend(written.interrupted.map(|reason| ("Broken off", said(&reason))));
        let passages = trace.passages.into_iter().map(|passage| (passage.heading, passage.score));
        Self { facts, passages: passages.collect() }
    }
}

fn writer(provider: &str, written: &Generation) -> String {
    match &written.model {
        Some(model) => format!("{provider} ({model})"),
        None if provider == "embedded" => "Quoted from the knowledge".to_owned(),
        None => provider.to_owned(),
    }
}

fn milliseconds(ms: i64) -> String {
    if ms < 1_000 { format!("{ms} ms") } else { format!("{:.1} s", ms as f64 / 1e3) }
}

fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

/// A reason of the trace in words.
fn said(reason: &str) -> String {
    let words = match reason {
        "budget_visitor" => "the visitor’s budget of the day is used up",
        "budget_agent" => "the agent’s budget of the day is used up",
        "budget_account" => "the account’s budget of the day is used up",
        "budget_server" => "the server’s budget of the day is used up",
        "busy" => "too many answers were being written",
        "unmatched" => "nothing in the knowledge fits, so no model was asked",
        "no_answer" => "the model found no answer in the knowledge",
        "failed" => "no model could answer",
        "uncited" => "the model named no source, so its answer was not shown",
        "leak" => "the model repeated its instructions and was cut off",
        "visitor_stopped" => "stopped by the visitor",
        "visitor_left" => "the visitor left",
        "server_stopped" => "the server was stopped",
        "model_failed" => "the model broke off",
        other => other,
    };
    words.to_owned()
}
