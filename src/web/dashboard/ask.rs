//! A question put to an agent from its pages: what it answers, how sure it is, and which passages it weighed.

use crate::answer::Unheard;
use crate::answer::reply::{Passage, Reply, Zone};
use crate::domain::agent::Agent;
use crate::domain::input::text_of_form;
use crate::domain::question::{Given, QUESTION};
use crate::domain::time::MINUTE_MS;
use crate::limits::Window;
use crate::web::App;
use crate::web::error::{ApiError, Result};

/// Times in a minute that an account's people may ask: after a change, each may need an index of all that the agent knows.
const ASKED_PER_MINUTE: u32 = 60;

const BUSY: &str = "Other questions are being tested. Try again in a few seconds.";

/// A question with its answer, as pages show it.
pub struct Asked {
    pub question: String,
    pub zone: ZoneLabel,
    pub answer: String,
    pub passages: Vec<PassageRow>,
}

/// How sure the agent was, in words for people.
pub struct ZoneLabel {
    pub label: &'static str,
    pub badge: &'static str,
}

pub struct PassageRow {
    pub knowledge: String,
    pub heading: String,
    pub text: String,
    pub score: String,
}

/// Without models and without a trace in any statistic, in the order of the questions.
pub async fn ask(app: &App, agent: &Agent, questions: Vec<String>) -> Result<Vec<Reply>> {
    app.limit("asked-by", agent.account.as_str(), &[Window { limit: ASKED_PER_MINUTE, span_ms: MINUTE_MS }])?;
    app.answerer.rehearsals().ask(agent.clone(), questions).await.map_err(|unheard| match unheard {
        Unheard::Busy => ApiError { message: BUSY.to_owned(), ..ApiError::unavailable() },
        Unheard::Failed(error) => error.into(),
    })
}

/// The answer to one question, unless there is none to ask.
pub async fn ask_one(app: &App, agent: &Agent, question: &str) -> Result<Option<Asked>> {
    let Ok(question) = text_of_form(question.trim(), &QUESTION) else { return Ok(None) };
    let replies = ask(app, agent, vec![question.clone()]).await?;
    Ok(replies.into_iter().next().map(|reply| Asked::new(question, reply)))
}

pub fn given(reply: &Reply) -> Given {
    Given { zone: reply.zone.as_str().to_owned(), answer: reply.text.clone() }
}

impl Asked {
    fn new(question: String, reply: Reply) -> Self {
        Self {
            question,
            zone: ZoneLabel::of(reply.zone.as_str()),
            answer: reply.text,
            passages: reply.passages.into_iter().map(PassageRow::new).collect(),
        }
    }
}

impl ZoneLabel {
    pub fn of(zone: &str) -> Self {
        let (label, badge) = match zone {
            zone if zone == Zone::Answer.as_str() => ("Answered", "badge-good"),
            zone if zone == Zone::Tentative.as_str() => ("Unsure", "badge-warn"),
            zone if zone == Zone::Unknown.as_str() => ("No answer found", "badge-bad"),
            zone if zone == Zone::Contact.as_str() => ("Contact details", ""),
            _ => ("Small talk", ""),
        };
        Self { label, badge }
    }
}

impl PassageRow {
    fn new(passage: Passage) -> Self {
        Self {
            knowledge: passage.knowledge,
            heading: passage.heading,
            text: passage.text,
            score: format!("{:.2}", passage.score),
        }
    }
}
