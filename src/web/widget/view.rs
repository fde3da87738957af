//! Messages as the widget receives them.

use serde::Serialize;

use crate::domain::conversation::{Author, Message, Source};

#[derive(Serialize)]
pub struct MessageView {
    pub id: String,
    role: &'static str,
    content: String,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_by: Option<&'static str>,
    /// Who of the team wrote it; left out where the agent did.
    #[serde(skip_serializing_if = "Option::is_none")]
    operator_name: Option<String>,
    sources: Vec<SourceView>,
    answered: bool,
    /// Why the answer ends before its end; left out where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupted: Option<String>,
}

#[derive(Serialize)]
pub struct SourceView {
    title: String,
    excerpt: String,
    url: Option<String>,
}

impl MessageView {
    pub fn new(message: Message) -> Self {
        Self {
            interrupted: message.interrupted().map(str::to_owned),
            id: message.id.to_string(),
            role: message.role.as_str(),
            content: message.content,
            timestamp: message.created_at.to_string(),
            sent_by: (message.author == Author::Operator).then_some("operator"),
            operator_name: message.operator,
            sources: sources(message.sources),
            answered: message.answered,
        }
    }
}

/// Who of the team answers, as the visitor is told.
#[derive(Serialize)]
pub struct OperatorView {
    pub name: String,
}

pub fn sources(sources: Vec<Source>) -> Vec<SourceView> {
    sources.into_iter().map(|s| SourceView { title: s.title, excerpt: s.excerpt, url: s.url }).collect()
}
