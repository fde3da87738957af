//! Conversations and their messages, as they are kept and shown.

use crate::domain::id::{AccountId, AgentId, ConversationId, LeadId, MessageId, VisitorId};
use crate::domain::operator::{Claimed, LeftBy};
use crate::domain::time::Time;

pub const MESSAGE_CHARS_MAX: usize = 4_000;
pub const CLIENT_ID_CHARS_MAX: usize = 64;
/// A conversation ends by itself after this long without a message.
pub const INACTIVITY_MS: i64 = 30 * crate::domain::time::MINUTE_MS;

#[derive(Clone, Debug)]
pub struct Conversation {
    pub id: ConversationId,
    pub account: AccountId,
    pub agent: AgentId,
    pub visitor: VisitorId,
    pub page_url: Option<String>,
    pub referrer: Option<String>,
    pub user_agent: Option<String>,
    pub lead: Option<LeadId>,
    pub messages_count: i64,
    pub started_at: Time,
    pub last_activity_at: Time,
    pub ended_at: Option<Time>,
    /// Who of the team answers in the place of the agent.
    pub claimed: Option<Claimed>,
    /// How often it was taken over.
    pub claims_count: i64,
    /// The team tried the agent itself: it counts nowhere.
    pub trial: bool,
    /// Since when the visitor waits for the person who has it.
    pub waiting_since: Option<Time>,
    /// The visitor has written something that nobody of the team has seen.
    pub is_unread: bool,
    /// Who had it when it went back to the agent by itself.
    pub left_by: Option<LeftBy>,
}

impl Conversation {
    pub const fn status(&self) -> &'static str {
        if self.ended_at.is_some() { "completed" } else { "active" }
    }

    pub fn duration_seconds(&self) -> i64 {
        let end = self.ended_at.unwrap_or(self.last_activity_at);
        end.seconds() - self.started_at.seconds()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    User,
    Assistant,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// Who wrote an assistant's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    Visitor,
    Agent,
    Operator,
}

impl Author {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Agent => "agent",
            Self::Operator => "operator",
        }
    }

    pub fn parse(text: &str) -> Self {
        match text {
            "visitor" => Self::Visitor,
            "operator" => Self::Operator,
            _ => Self::Agent,
        }
    }
}

/// A passage that an answer rests on, as the visitor sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub title: String,
    pub excerpt: String,
    pub url: Option<String>,
}

/// A passage that was considered for an answer, and how well it fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    pub knowledge: String,
    pub heading: String,
    pub score: f64,
}

#[derive(Clone, Debug)]
pub struct Message {
    pub id: MessageId,
    pub role: Role,
    pub author: Author,
    pub content: String,
    pub created_at: Time,
    pub sources: Vec<Source>,
    /// False where the answer is that the knowledge does not hold it.
    pub answered: bool,
    pub trace: Option<Trace>,
    /// Who wrote it, where a person of the team did.
    pub operator: Option<String>,
}

/// Why an answer ends before its end, where the visitor had gone.
pub const VISITOR_LEFT: &str = "visitor_left";

impl Message {
    /// Whether it is the beginning of an answer that the visitor did not stay for.
    pub fn was_left(&self) -> bool {
        self.interrupted() == Some(VISITOR_LEFT)
    }

    pub fn interrupted(&self) -> Option<&str> {
        self.trace.as_ref()?.generation.as_ref()?.interrupted.as_deref()
    }
}

/// Why an answer was given: what was found, who wrote it, how long it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    pub zone: String,
    pub provider: String,
    pub passages: Vec<Passage>,
    /// From the question to the last word.
    pub response_ms: i64,
    /// How much of that it took to find the passages.
    pub retrieval_ms: i64,
    /// Where models could have written the answer.
    pub generation: Option<Generation>,
}

/// What models had to do with an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generation {
    /// As its provider calls the model that wrote it.
    pub model: Option<String>,
    /// Why the answer, or its end, is quoted all the same.
    pub degraded: Option<String>,
    /// What went wrong with the models that were tried, in their order.
    pub failures: Vec<ModelFailure>,
    pub input_tokens: i64,
    pub output_tokens: i64,
    /// A provider did not count the tokens.
    pub estimated: bool,
    /// Millionths of a dollar.
    pub cost_micros: i64,
    pub first_token_ms: Option<i64>,
    /// Why it ends before its end.
    pub interrupted: Option<String>,
    /// It was longer than an answer may be.
    pub truncated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFailure {
    /// As the configuration calls it.
    pub model: String,
    pub reason: String,
}

/// A conversation with everything that was said in it.
#[derive(Clone, Debug)]
pub struct Transcript {
    pub conversation: Conversation,
    pub messages: Vec<Message>,
}

/// A conversation in a list: itself, and how the visitor began.
#[derive(Clone, Debug)]
pub struct ConversationSummary {
    pub conversation: Conversation,
    pub opening: String,
    /// What was said last, and by whom. Lists that do not show it do without.
    pub last: Option<LastWords>,
}

#[derive(Clone, Debug)]
pub struct LastWords {
    pub author: Author,
    /// The person's name, where a person of the team wrote.
    pub operator: Option<String>,
    pub content: String,
}
