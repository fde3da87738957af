//! Knowledge entries: the texts from which an agent answers.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::domain::Rejection;
use crate::domain::id::{AgentId, KnowledgeId};
use crate::domain::input::{Fields, Text, lines};
use crate::domain::time::Time;

pub const CONTENT_CHARS_MAX: usize = 50_000;
/// Agents that one request may give the same content.
pub const TARGETS_MAX: usize = 50;
pub const CONTENT: Text = lines(1..=CONTENT_CHARS_MAX);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnowledgeType {
    Text,
    Faq,
    Product,
    Markdown,
}

impl KnowledgeType {
    pub const ALL: [Self; 4] = [Self::Text, Self::Faq, Self::Product, Self::Markdown];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Faq => "faq",
            Self::Product => "product",
            Self::Markdown => "markdown",
        }
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| "must be text, faq, product or markdown".to_owned())
    }
}

#[derive(Clone, Debug)]
pub struct Knowledge {
    pub id: KnowledgeId,
    pub agent: AgentId,
    pub kind: KnowledgeType,
    pub content: String,
    pub size_bytes: i64,
    pub created_at: Time,
}

/// Content to be added, checked.
#[derive(Clone, Debug)]
pub struct NewKnowledge {
    pub kind: KnowledgeType,
    pub content: String,
}

impl NewKnowledge {
    pub fn parse(body: &Map<String, Value>) -> Result<Self, Rejection> {
        let mut fields = Fields::new(body);
        let knowledge = Self {
            content: fields.required_text("content", &CONTENT),
            kind: fields.parsed("type", KnowledgeType::parse).unwrap_or(KnowledgeType::Text),
        };
        fields.finish()?;
        Ok(knowledge)
    }
}

impl NewKnowledge {
    /// Content for several agents, with their ids: each once, in the order in which they were sent.
    pub fn parse_for_many(body: &Map<String, Value>) -> Result<(Self, Vec<String>), Rejection> {
        let mut fields = Fields::new(body);
        let content = fields.required_text("content", &CONTENT);
        let kind = fields.parsed("type", KnowledgeType::parse).unwrap_or(KnowledgeType::Text);
        let targets =
            fields.required("agent_ids").and_then(|_| fields.list("agent_ids", 1..=TARGETS_MAX, |id| Ok(id.to_owned())));
        fields.finish()?;
        let mut seen = HashSet::new();
        let mut targets = targets.unwrap_or_default();
        targets.retain(|id| seen.insert(id.clone()));
        Ok((Self { kind, content }, targets))
    }
}

/// What an agent knows after an entry was added.
#[derive(Clone, Debug)]
pub struct KnowledgeTotals {
    pub agent: AgentId,
    pub entries: i64,
    pub size_bytes: i64,
    pub added_at: Time,
}
