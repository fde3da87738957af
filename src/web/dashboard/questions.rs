//! What visitors asked and the knowledge does not hold, and saved questions that are asked again after a change.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, RawPathParams, State};
use axum::response::{IntoResponse, Redirect, Response};

use crate::answer::reply::Reply;
use crate::domain::Rejection;
use crate::domain::agent::Agent;
use crate::domain::id::SavedQuestionId;
use crate::domain::input::text_of_form;
use crate::domain::question::{QUESTION, SAVED_MAX, SavedQuestion, UnansweredQuestion};
use crate::storage;
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::ask::{ZoneLabel, ask, given};
use crate::web::dashboard::display::{When, count};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::session::{OwnAgent, SignedForm, SignedIn};
use crate::web::error::ApiError;
use crate::web::extract::path_id;

#[derive(Template)]
#[template(path = "questions.html")]
pub struct QuestionsPage {
    pub nav: Nav,
    pub id: String,
    pub name: String,
    pub color: String,
    pub unanswered: Vec<UnansweredRow>,
    pub saved: Vec<SavedRow>,
    /// How many saved questions are answered otherwise now, where they were asked again.
    pub changed: Option<usize>,
}

/// A group of alike questions.
pub struct UnansweredRow {
    pub subject: String,
    pub text: String,
    pub zone: ZoneLabel,
    pub times: u64,
    pub conversation: String,
    pub last: When,
}

pub struct SavedRow {
    pub id: String,
    pub text: String,
    pub zone: ZoneLabel,
    pub answer: String,
    pub saved: When,
    /// What it is answered with now, where that is something else.
    pub now: Option<(ZoneLabel, String)>,
}

/// Groups on the page: those asked most often.
const UNANSWERED_SHOWN: u32 = 50;

pub async fn list(
    member: SignedIn,
    OwnAgent(agent): OwnAgent,
    State(app): State<App>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response> {
    let (account, id) = (agent.account.clone(), agent.id.clone());
    let unanswered = app.store.unanswered_questions(account.clone(), id.clone(), UNANSWERED_SHOWN).await?;
    let saved = app.store.saved_questions(account, id).await?;
    let again = query.contains_key("again") && !saved.is_empty();
    let replies = if again { asked_again(&app, &agent, &saved).await? } else { Vec::new() };
    let mut replies = replies.into_iter();
    let mut saved: Vec<_> = saved.into_iter().map(|question| SavedRow::new(question, replies.next())).collect();
    saved.sort_by_key(|question| question.now.is_none());
    let mut nav = member.nav(Section::Agents);
    nav.flash = query.get("done").and_then(|done| flash(done)).map(str::to_owned);
    Ok(Page(QuestionsPage {
        nav,
        id: agent.id.to_string(),
        unanswered: unanswered.into_iter().map(UnansweredRow::new).collect(),
        changed: again.then(|| saved.iter().filter(|question| question.now.is_some()).count()),
        saved,
        name: agent.name,
        color: agent.color,
    })
    .into_response())
}

/// Saves a question with the answer that it has now. Saved already, it takes this answer.
pub async fn save(OwnAgent(agent): OwnAgent, State(app): State<App>, form: SignedForm) -> Result<Redirect> {
    let text = text_of_form(form.fields.text("text").trim(), &QUESTION);
    let text = text.map_err(|message| ApiError::from(Rejection::one("question", message)))?;
    let replies = ask(&app, &agent, vec![text.clone()]).await?;
    let answer = replies.first().map(given).ok_or_else(ApiError::internal)?;
    let saved = app.store.save_question(agent.account.clone(), agent.id.clone(), text, answer).await;
    saved.map_err(|error| match error {
        storage::Error::LimitReached => ApiError::conflict(format!("An agent can have up to {SAVED_MAX} test questions.")),
        other => other.into(),
    })?;
    Ok(back(&agent, "saved"))
}

pub async fn dismiss(OwnAgent(agent): OwnAgent, State(app): State<App>, form: SignedForm) -> Result<Redirect> {
    let subject = form.fields.text("subject").to_owned();
    app.store.dismiss_question(agent.account.clone(), agent.id.clone(), subject).await?;
    Ok(back(&agent, "dismissed"))
}

pub async fn forget(OwnAgent(agent): OwnAgent, params: RawPathParams, State(app): State<App>, _: SignedForm) -> Result<Redirect> {
    let question: SavedQuestionId = path_id(&params, "question", ApiError::not_found)?;
    app.store.forget_question(agent.account.clone(), agent.id.clone(), question).await?;
    Ok(back(&agent, "forgotten"))
}

async fn asked_again(app: &App, agent: &Agent, saved: &[SavedQuestion]) -> Result<Vec<Reply>> {
    Ok(ask(app, agent, saved.iter().map(|question| question.text.clone()).collect()).await?)
}

fn back(agent: &Agent, done: &str) -> Redirect {
    Redirect::to(&format!("/agents/{}/questions?done={done}", agent.id))
}

fn flash(done: &str) -> Option<&'static str> {
    Some(match done {
        "saved" => "Saved with its current answer.",
        "dismissed" => "Dismissed until someone asks it again.",
        "forgotten" => "Test question removed.",
        _ => return None,
    })
}

impl UnansweredRow {
    fn new(question: UnansweredQuestion) -> Self {
        Self {
            zone: ZoneLabel::of(&question.zone),
            times: count(question.asked_count),
            conversation: question.conversation.to_string(),
            last: When::new(question.last_asked_at),
            subject: question.subject,
            text: question.text,
        }
    }
}

impl SavedRow {
    fn new(question: SavedQuestion, reply: Option<Reply>) -> Self {
        let other = reply.filter(|reply| given(reply) != question.given);
        Self {
            id: question.id.to_string(),
            text: question.text,
            zone: ZoneLabel::of(&question.given.zone),
            answer: question.given.answer,
            saved: When::new(question.saved_at),
            now: other.map(|reply| (ZoneLabel::of(reply.zone.as_str()), reply.text)),
        }
    }
}
