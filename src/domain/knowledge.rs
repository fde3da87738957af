//! Knowledge entries: the texts from which an agent answers.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::domain::Rejection;
use crate::domain::id::{AgentId, KnowledgeId};
use crate::domain::input::{Fields, Text, line, lines, text_of_form};
use crate::domain::time::Time;

pub const CONTENT_CHARS_MAX: usize = 50_000;
/// Agents that one request may give the same content.
pub const TARGETS_MAX: usize = 50;
pub const CONTENT: Text = lines(1..=CONTENT_CHARS_MAX);
/// What a passage of prose takes, by and large.
const PASSAGE_BYTES: i64 = 600;
const MEGABYTE: i64 = 1_000_000;
pub const FILE_NAME: Text = line(1..=200);

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

/// Where an entry came from, so that its owner knows it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// It was not noted.
    #[default]
    Unknown,
    Pasted,
    /// A file of this name.
    File(String),
    Api,
    /// Written as the answer to a question that was not answered.
    Question,
    Sample,
}

impl Source {
    /// What was written into a form: its file's name, if it came from one.
    pub fn of_form(file_name: &str) -> Self {
        text_of_form(file_name, &FILE_NAME).map_or(Self::Pasted, Self::File)
    }

    pub fn text(&self) -> String {
        match self {
            Self::Unknown => String::new(),
            Self::Pasted => "pasted".to_owned(),
            Self::File(name) => format!("file:{name}"),
            Self::Api => "api".to_owned(),
            Self::Question => "question".to_owned(),
            Self::Sample => "sample".to_owned(),
        }
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "" => Ok(Self::Unknown),
            "pasted" => Ok(Self::Pasted),
            "api" => Ok(Self::Api),
            "question" => Ok(Self::Question),
            "sample" => Ok(Self::Sample),
            _ => {
                let name =
                    text.strip_prefix("file:").ok_or("must be pasted, api, question, sample, or file: followed by a name")?;
                text_of_form(name, &FILE_NAME).map(Self::File)
            }
        }
    }
}

#[derive(Clone, Debug)]
pub struct Knowledge {
    pub id: KnowledgeId,
    pub agent: AgentId,
    pub kind: KnowledgeType,
    pub content: String,
    pub source: Source,
    pub size_bytes: i64,
    pub created_at: Time,
}

/// Content to be added, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKnowledge {
    pub kind: KnowledgeType,
    pub content: String,
    /// Of content that takes the place of another, `Unknown` leaves its source as it was.
    pub source: Source,
    /// How many passages it is cut into, once they are counted.
    pub passages: Option<i64>,
}

impl NewKnowledge {
    pub fn new(kind: KnowledgeType, content: impl Into<String>, source: Source) -> Self {
        Self { kind, content: content.into(), source, passages: None }
    }

    pub fn parse(body: &Map<String, Value>) -> Result<Self, Rejection> {
        let mut fields = Fields::new(body);
        let knowledge = Self::read(&mut fields, Source::Api);
        fields.finish()?;
        Ok(knowledge)
    }

    pub fn read(fields: &mut Fields, source: Source) -> Self {
        Self {
            content: fields.required_text("content", &CONTENT),
            kind: fields.parsed("type", KnowledgeType::parse).unwrap_or(KnowledgeType::Text),
            source,
            passages: None,
        }
    }

    /// Counted, or else estimated.
    pub fn passages(&self) -> i64 {
        self.passages.unwrap_or_else(|| 1 + self.size_bytes() / PASSAGE_BYTES)
    }

    pub fn size_bytes(&self) -> i64 {
        i64::try_from(self.content.len()).unwrap_or(i64::MAX)
    }

    /// Content for several agents, with their ids: each once, in the order in which they were sent.
    pub fn parse_for_many(body: &Map<String, Value>) -> Result<(Self, Vec<String>), Rejection> {
        let mut fields = Fields::new(body);
        let knowledge = Self::read(&mut fields, Source::Api);
        let targets =
            fields.required("agent_ids").and_then(|_| fields.list("agent_ids", 1..=TARGETS_MAX, |id| Ok(id.to_owned())));
        fields.finish()?;
        let mut seen = HashSet::new();
        let mut targets = targets.unwrap_or_default();
        targets.retain(|id| seen.insert(id.clone()));
        Ok((knowledge, targets))
    }
}

/// How much one agent may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnowledgeCap {
    pub megabytes: u32,
    pub passages: u32,
}

impl KnowledgeCap {
    /// What is wrong with knowledge of this size, if anything.
    pub fn refuses(self, bytes: i64, passages: i64) -> Option<String> {
        let Self { megabytes, passages: passages_max } = self;
        let limit = if bytes > i64::from(megabytes) * MEGABYTE {
            format!("{megabytes} MB")
        } else if passages > i64::from(passages_max) {
            format!("{passages_max} passages")
        } else {
            return None;
        };
        Some(format!("would exceed the limit of {limit} of knowledge per agent; delete old entries"))
    }
}

impl Default for KnowledgeCap {
    fn default() -> Self {
        Self { megabytes: 20, passages: 50_000 }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_read_as_it_was_written() {
        let named = Source::File("Prices: 2026.md".to_owned());
        for source in [Source::Unknown, Source::Pasted, named, Source::Api, Source::Question, Source::Sample] {
            assert_eq!(Source::parse(&source.text()), Ok(source));
        }
        for wrong in ["moon", "file:", "file:a\nb"] {
            assert!(Source::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!((Source::of_form(" "), Source::of_form("a.md")), (Source::Pasted, Source::File("a.md".to_owned())));
    }
}
