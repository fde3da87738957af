//! An agent as a file: all that makes it look and answer as it does, and nothing of who it is or whom it spoke with.

use serde_json::{Map, Value, json};

use crate::domain::Rejection;
use crate::domain::agent::{Agent, NAME, NewAgent};
use crate::domain::input::{Fields, Text, line, lines};
use crate::domain::json;
use crate::domain::knowledge::{Knowledge, NewKnowledge, Source};
use crate::domain::question::{Given, QUESTION, SAVED_MAX, SavedQuestion};

pub const FORMAT: &str = "chatforge.agent";
pub const VERSION: u64 = 1;

const COPY: &str = " copy";
const ZONE: Text = line(1..=40);
/// Longer than any answer that is quoted.
const ANSWER: Text = lines(0..=20_000);

/// Without ids, times, conversations and leads; nothing of it is secret.
#[derive(Clone, Debug)]
pub struct PortableAgent {
    pub agent: NewAgent,
    /// In the order in which it was added.
    pub knowledge: Vec<NewKnowledge>,
    pub questions: Vec<PortableQuestion>,
}

/// A saved question with the answer that it should go on having.
#[derive(Clone, Debug)]
pub struct PortableQuestion {
    pub text: String,
    pub given: Given,
}

impl PortableAgent {
    pub fn of(agent: Agent, knowledge: Vec<Knowledge>, questions: Vec<SavedQuestion>) -> Self {
        let entry = |entry: Knowledge| NewKnowledge::new(entry.kind, entry.content, entry.source);
        let question = |question: SavedQuestion| PortableQuestion { text: question.text, given: question.given };
        Self {
            agent: NewAgent {
                name: agent.name,
                greeting: agent.greeting,
                color: agent.color,
                allowed_domains: agent.allowed_domains,
                appearance: agent.appearance,
                knowledge_base: None,
                answering: agent.answering,
            },
            knowledge: knowledge.into_iter().map(entry).collect(),
            questions: questions.into_iter().map(question).collect(),
        }
    }

    /// The same under a name that says what it is, as long as a name may be.
    pub fn copy(mut self) -> Self {
        let kept = NAME.chars.end() - COPY.len();
        let name: String = self.agent.name.chars().take(kept).collect();
        self.agent.name = format!("{}{COPY}", name.trim_end());
        self
    }

    pub fn to_json(&self) -> String {
        let Self { agent, knowledge, questions } = self;
        let answering = &agent.answering;
        let entry = |entry: &NewKnowledge| json!({ "type": entry.kind.as_str(), "source": entry.source.text(), "content": entry.content });
        let question = |question: &PortableQuestion| json!({ "text": question.text, "zone": question.given.zone, "answer": question.given.answer });
        let file = json!({
            "format": FORMAT,
            "version": VERSION,
            "agent": {
                "name": agent.name,
                "greeting": agent.greeting,
                "color": agent.color,
                "allowed_domains": agent.allowed_domains,
                "answering": {
                    "instructions": answering.instructions,
                    "tone": answering.tone.as_str(),
                    "caution": answering.caution.as_str(),
                    "model": answering.model.as_str(),
                    "ask_unmatched": answering.ask_unmatched,
                },
                "appearance": agent.appearance,
            },
            "knowledge": knowledge.iter().map(entry).collect::<Vec<_>>(),
            "saved_questions": questions.iter().map(question).collect::<Vec<_>>(),
        });
        format!("{file:#}\n")
    }

    /// Judged like what a caller of the API sends: every failure is named by its place in the file.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let body = json::object(text.as_bytes())
            .map_err(|unreadable| Rejection::one("file", format!("must be an exported agent as JSON; the file {unreadable}")))?;
        is_known(&body)?;
        let mut fields = Fields::new(&body);
        let agent = match fields.required("agent") {
            Some(Value::Object(agent)) => {
                NewAgent::parse_at(agent, "agent.").map_err(|rejection| fields.fail_all(rejection)).ok()
            }
            Some(_) => {
                fields.fail("agent", "must be an object");
                None
            }
            None => None,
        };
        let knowledge = fields.objects("knowledge", usize::MAX, |entry| {
            let source = entry.parsed("source", Source::parse).unwrap_or_default();
            NewKnowledge::read(entry, source)
        });
        let questions = fields.objects("saved_questions", usize::try_from(SAVED_MAX).unwrap_or_default(), |question| {
            let text = question.required_text("text", &QUESTION);
            let given = Given { zone: question.required_text("zone", &ZONE), answer: question.required_text("answer", &ANSWER) };
            PortableQuestion { text, given }
        });
        fields.finish()?;
        let agent = agent.ok_or_else(|| Rejection::one("agent", "is required"))?;
        Ok(Self { agent, knowledge: knowledge.unwrap_or_default(), questions: questions.unwrap_or_default() })
    }
}

fn is_known(body: &Map<String, Value>) -> Result<(), Rejection> {
    if body.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(Rejection::one("format", format!("must be {FORMAT}; this file is not an exported agent")));
    }
    match body.get("version").and_then(Value::as_u64) {
        Some(VERSION) => Ok(()),
        Some(newer) if newer > VERSION => {
            Err(Rejection::one("version", format!("{newer} is from a newer ChatForge; this server supports version {VERSION}")))
        }
        _ => Err(Rejection::one("version", format!("must be {VERSION}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(file: &Value) -> Vec<String> {
        PortableAgent::parse(&file.to_string()).err().unwrap().failures.into_iter().map(|failure| failure.field).collect()
    }

    #[test]
    fn only_an_exported_agent_of_a_known_version_is_read() {
        let agent = json!({ "name": "Ada" });
        assert!(PortableAgent::parse(&json!({ "format": FORMAT, "version": 1, "agent": agent }).to_string()).is_ok());
        assert_eq!(refused(&json!({ "agent": agent })), ["format"]);
        assert_eq!(refused(&json!({ "format": FORMAT, "agent": agent })), ["version"]);
        assert_eq!(refused(&json!({ "format": FORMAT, "version": 2, "agent": agent })), ["version"]);
        assert_eq!(refused(&json!({ "format": FORMAT, "version": 1 })), ["agent"]);
        for text in ["", "[]", "{", "nonsense"] {
            assert_eq!(PortableAgent::parse(text).err().unwrap().failures[0].field, "file", "{text}");
        }
    }

    #[test]
    fn every_failure_is_named_by_its_place() {
        let file = json!({
            "format": FORMAT, "version": 1,
            "agent": { "name": " ", "color": "red", "appearance": { "position": "top" }, "answering": { "tone": "rude" } },
            "knowledge": [{ "content": "x" }, { "type": "song", "content": "" }, 5, { "content": "x", "source": "moon" }],
            "saved_questions": [{ "text": "Why?", "zone": "answer", "answer": "So." }, { "text": "" }],
        });
        let expected = [
            "agent.name",
            "agent.color",
            "agent.appearance.position",
            "agent.answering.tone",
            "knowledge[1].content",
            "knowledge[1].type",
            "knowledge[2]",
            "knowledge[3].source",
            "saved_questions[1].text",
            "saved_questions[1].zone",
            "saved_questions[1].answer",
        ];
        assert_eq!(refused(&file), expected);
    }

    #[test]
    fn a_copy_is_named_as_one_within_the_length_of_a_name() {
        let named = |name: &str| {
            let file = json!({ "format": FORMAT, "version": 1, "agent": { "name": name } });
            PortableAgent::parse(&file.to_string()).unwrap().copy().agent.name
        };
        assert_eq!(named("Ada"), "Ada copy");
        let long = named(&"ä".repeat(100));
        assert!(long.chars().count() == 100 && long.ends_with("ä copy"), "{long}");
    }
}
