//! The messages of a conversation as a page shows them, each answer with why it was given.

use crate::domain::conversation::{Author, Message, Source, Trace};
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
    pub origin: Option<Origin>,
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

/// Who wrote an answer, and what it took.
pub struct Origin {
    pub provider: String,
    /// As the model's provider calls it; empty where the answer is quoted.
    pub model: String,
    pub response_ms: i64,
    pub retrieval_ms: i64,
    pub first_token_ms: Option<i64>,
    /// Empty where no model was asked.
    pub tokens: String,
    /// In dollars; empty where it cost nothing.
    pub cost: String,
    /// What did not go as wished; empty where all did.
    pub trouble: String,
    /// What else is to be said: why no model was asked, or which ones failed.
    pub remarks: Vec<String>,
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
            origin: message.trace.and_then(Origin::new),
            operator: message.operator.unwrap_or_else(|| "Operator".to_owned()),
            time: When::new(message.created_at),
            answered: message.answered,
            content: message.content,
            rated,
        }
    }
}

impl Origin {
    /// Nothing where there is nothing to tell, as in small talk.
    fn new(trace: Trace) -> Option<Self> {
        if trace.generation.is_none() && trace.passages.is_empty() {
            return None;
        }
        let generation = trace.generation.unwrap_or_default();
        let (input, output) = (generation.input_tokens, generation.output_tokens);
        let about = if generation.estimated { "about " } else { "" };
        let micros = generation.cost_micros;
        // That the knowledge does not hold it stands beside the answer already.
        let known = |reason: &String| matches!(reason.as_str(), "unmatched" | "no_answer");
        let trouble = generation.interrupted.as_ref().or(generation.degraded.as_ref().filter(|reason| !known(reason)));
        let trouble = trouble.map(|reason| said(reason)).unwrap_or_default();
        let reasons = generation.degraded.iter().chain(&generation.interrupted).map(|reason| said(reason));
        let mut remarks: Vec<String> = reasons.filter(|reason| *reason != trouble).collect();
        remarks.extend(generation.truncated.then(|| "cut off at the maximum answer length".to_owned()));
        remarks.extend(generation.failures.into_iter().map(|failure| format!("{}: {}", failure.model, failure.reason)));
        Some(Self {
            provider: trace.provider,
            model: generation.model.unwrap_or_default(),
            response_ms: trace.response_ms,
            retrieval_ms: trace.retrieval_ms,
            first_token_ms: generation.first_token_ms,
            tokens: if input + output > 0 { format!("{about}{input} + {output} tokens") } else { String::new() },
            cost: if micros > 0 { format!("${}.{:06}", micros / 1_000_000, micros % 1_000_000) } else { String::new() },
            trouble,
            remarks,
            passages: trace.passages.into_iter().map(|passage| (passage.heading, passage.score)).collect(),
        })
    }
}

/// A reason of the trace in words.
fn said(reason: &str) -> String {
    let words = match reason {
        "over_limit" => "the limit for model answers was reached",
        "budget_visitor" => "the visitor’s daily budget is used up",
        "budget_agent" => "the agent’s daily budget is used up",
        "budget_account" => "the account’s daily budget is used up",
        "budget_server" => "the server’s daily budget is used up",
        "busy" => "too many answers were being written",
        "unmatched" => "nothing in your content matches, so no model was asked",
        "no_answer" => "the model found no answer in your content",
        "failed" => "no model could answer",
        "uncited" => "the model named no source, so its answer was not shown",
        "leak" => "the model repeated its instructions and was cut off",
        "visitor_stopped" => "stopped by the visitor",
        "visitor_left" => "the visitor left",
        "server_stopped" => "the server was stopped",
        "model_failed" => "the model stopped unexpectedly",
        other => other,
    };
    words.to_owned()
}
