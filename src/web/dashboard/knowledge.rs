//! What an agent knows: its entries, new ones, and what it makes of a question.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, RawPathParams, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::answer;
use crate::domain::Invalid;
use crate::domain::agent::Agent;
use crate::domain::answering::ModelChoice;
use crate::domain::id::KnowledgeId;
use crate::domain::knowledge::{Knowledge, KnowledgeType, NewKnowledge, Source};
use crate::domain::size::Size;
use crate::storage::{self, Keep};
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::ask::{Asked, ask_one};
use crate::web::dashboard::display::{When, beginning, count};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::session::{Fields, OwnAgent, SignedForm, SignedIn};
use crate::web::error::ApiError;
use crate::web::extract::path_id;

#[derive(Template)]
#[template(path = "knowledge.html")]
pub struct KnowledgePage {
    pub nav: Nav,
    pub id: String,
    pub name: String,
    pub color: String,
    pub size: Size,
    pub entries: Vec<KnowledgeRow>,
    /// The newest entries are not found by their meaning yet.
    pub learning: bool,
    /// A model may word answers otherwise than the test shows them.
    pub model_writes: bool,
    /// The question that was tried, also where there was nothing to answer.
    pub question: String,
    pub asked: Option<Asked>,
    pub form: KnowledgeForm,
}

/// One entry of the agent's knowledge.
pub struct KnowledgeRow {
    pub id: String,
    /// The beginning of the content, which is how its owner knows it again.
    pub excerpt: String,
    /// `text`, `faq`, `product` or `markdown`.
    pub kind: &'static str,
    pub size: Size,
    /// Where it came from; empty where that is not known.
    pub source: String,
    pub added: When,
}

/// The values of `POST /agents/{id}/knowledge` and of an entry's own form, shown again when they were refused.
pub struct KnowledgeForm {
    pub kind: String,
    pub content: String,
    /// The group of unanswered questions that the content answers; it is dismissed with it.
    pub subject: String,
    /// Of the file that the content was read from.
    pub file_name: String,
    pub errors: Errors,
}

#[derive(Template)]
#[template(path = "knowledge_entry.html")]
pub struct EntryPage {
    pub nav: Nav,
    pub id: String,
    pub name: String,
    pub color: String,
    pub entry: KnowledgeRow,
    pub form: KnowledgeForm,
}

/// The types an entry can have, as the forms offer them: value and label.
pub const KINDS: [(&str, &str); 4] =
    [("text", "Plain text"), ("faq", "Questions and answers"), ("product", "Products"), ("markdown", "Markdown")];

/// The label under which the forms offer it.
fn kind_label(kind: KnowledgeType) -> &'static str {
    KINDS.iter().find(|(value, _)| *value == kind.as_str()).map_or(kind.as_str(), |(_, label)| label)
}

const EXCERPT_CHARS: usize = 160;

type Queried = HashMap<String, String>;

pub async fn list(
    member: SignedIn,
    OwnAgent(agent): OwnAgent,
    State(app): State<App>,
    Query(query): Query<Queried>,
) -> Result<Response> {
    let text = |name: &str| query.get(name).cloned().unwrap_or_default();
    let form = match query.get("answer") {
        Some(question) => KnowledgeForm::pair(question, text("subject")),
        None => KnowledgeForm::default(),
    };
    let asked = ask_one(&app, &agent, &text("q")).await?;
    let mut page = page(&app, &member, agent, form).await?;
    (page.question, page.asked) = (text("q"), asked);
    page.nav.flash = query.get("done").and_then(|done| flash(done)).map(str::to_owned);
    Ok(Page(page).into_response())
}

pub async fn create(OwnAgent(agent): OwnAgent, State(app): State<App>, form: SignedForm) -> Result<Response> {
    let SignedForm { member, fields } = form;
    let errors = match read(&fields) {
        Ok(new) => {
            let subject = fields.text("subject");
            let source = if subject.is_empty() { Source::of_form(fields.text("file_name")) } else { Source::Question };
            let new = NewKnowledge { source, ..new };
            let added = app.store.add_knowledge(agent.account.clone(), agent.id.clone(), new, Keep::nothing()).await;
            match too_much(added)? {
                Some(errors) => errors,
                None => {
                    if !subject.is_empty() {
                        dismissed(app.store.dismiss_question(agent.account, agent.id.clone(), subject.to_owned()).await)?;
                    }
                    return Ok(Redirect::to(&format!("/agents/{}/knowledge?done=taught", agent.id)).into_response());
                }
            }
        }
        Err(errors) => errors,
    };
    let page = page(&app, &member, agent, KnowledgeForm::sent(&fields, errors)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

pub async fn show(
    member: SignedIn,
    OwnAgent(agent): OwnAgent,
    params: RawPathParams,
    State(app): State<App>,
) -> Result<Response> {
    let entry = app.store.knowledge_entry(agent.account.clone(), agent.id.clone(), entry_id(&params)?).await?;
    let (kind, content) = (entry.kind.as_str().to_owned(), entry.content.clone());
    let form = KnowledgeForm { kind, content, ..KnowledgeForm::default() };
    Ok(Page(EntryPage::new(&member, agent, entry, form)).into_response())
}

pub async fn update(
    OwnAgent(agent): OwnAgent,
    params: RawPathParams,
    State(app): State<App>,
    SignedForm { member, fields }: SignedForm,
) -> Result<Response> {
    let (account, id) = (agent.account.clone(), entry_id(&params)?);
    let errors = match read(&fields) {
        Ok(new) => {
            // An entry that is edited by hand still is what it came from.
            let source = Some(fields.text("file_name")).filter(|name| !name.is_empty()).map(Source::of_form);
            let new = NewKnowledge { source: source.unwrap_or_default(), ..new };
            match too_much(app.store.update_knowledge(account.clone(), agent.id.clone(), id.clone(), new).await)? {
                Some(errors) => errors,
                None => return Ok(Redirect::to(&format!("/agents/{}/knowledge?done=changed", agent.id)).into_response()),
            }
        }
        Err(errors) => errors,
    };
    let entry = app.store.knowledge_entry(account, agent.id.clone(), id).await?;
    let page = EntryPage::new(&member, agent, entry, KnowledgeForm::sent(&fields, errors));
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

/// What the form says where the agent may not know so much.
fn too_much<T>(kept: storage::Result<T>) -> Result<Option<Errors>> {
    match kept {
        Err(storage::Error::TooMuchKnowledge(reason)) => Ok(Some(Errors(vec![Invalid::new("content", reason)]))),
        kept => Ok(kept.map(|_| None)?),
    }
}

pub async fn delete(OwnAgent(agent): OwnAgent, params: RawPathParams, State(app): State<App>, _: SignedForm) -> Result<Redirect> {
    app.store.delete_knowledge(agent.account, agent.id.clone(), entry_id(&params)?).await?;
    Ok(Redirect::to(&format!("/agents/{}/knowledge?done=forgotten", agent.id)))
}

fn entry_id(params: &RawPathParams) -> Result<KnowledgeId> {
    Ok(path_id(params, "entry", ApiError::not_found)?)
}

fn read(fields: &Fields) -> std::result::Result<NewKnowledge, Errors> {
    let body = fields.object(&[("content", "content"), ("type", "type")]);
    NewKnowledge::parse(&body).map_err(|rejection| Errors(rejection.failures))
}

/// Somebody else may have dismissed it meanwhile.
fn dismissed(done: storage::Result<()>) -> storage::Result<()> {
    match done {
        Err(storage::Error::NotFound) => Ok(()),
        other => other,
    }
}

fn source_label(source: &Source) -> String {
    match source {
        Source::Unknown => String::new(),
        Source::Pasted => "Pasted".to_owned(),
        Source::File(name) => name.clone(),
        Source::Api => "API".to_owned(),
        Source::Question => "Answer to a question".to_owned(),
        Source::Sample => "Sample".to_owned(),
    }
}

fn flash(done: &str) -> Option<&'static str> {
    Some(match done {
        "taught" => "Added. Your agent can use it now.",
        "changed" => "Saved. Your agent can use it now.",
        "forgotten" => "Deleted. Your agent no longer uses it.",
        _ => return None,
    })
}

async fn page(app: &App, member: &SignedIn, agent: Agent, form: KnowledgeForm) -> Result<KnowledgePage> {
    let entries = app.store.knowledge(agent.account.clone(), agent.id.clone()).await?;
    Ok(KnowledgePage {
        nav: member.nav(Section::Agents),
        id: agent.id.to_string(),
        size: Size(count(agent.knowledge_size_bytes)),
        entries: entries.into_iter().rev().map(|entry| KnowledgeRow::new(&entry)).collect(),
        learning: answer::is_learning(&agent),
        model_writes: agent.answering.model != ModelChoice::Off && !app.config.answers.models.is_empty(),
        question: String::new(),
        asked: None,
        form,
        name: agent.name,
        color: agent.color,
    })
}

impl EntryPage {
    fn new(member: &SignedIn, agent: Agent, entry: Knowledge, form: KnowledgeForm) -> Self {
        Self {
            nav: member.nav(Section::Agents),
            id: agent.id.to_string(),
            name: agent.name,
            color: agent.color,
            entry: KnowledgeRow::new(&entry),
            form,
        }
    }
}

impl KnowledgeForm {
    /// A question that waits for its answer.
    fn pair(question: &str, subject: String) -> Self {
        let question = question.split_whitespace().collect::<Vec<_>>().join(" ");
        let kind = KnowledgeType::Faq.as_str().to_owned();
        Self { kind, content: format!("Q: {question}\nA: "), subject, ..Self::default() }
    }

    fn sent(fields: &Fields, errors: Errors) -> Self {
        let text = |name| fields.text(name).to_owned();
        Self { kind: text("type"), content: text("content"), subject: text("subject"), file_name: text("file_name"), errors }
    }
}

impl Default for KnowledgeForm {
    fn default() -> Self {
        let kind = KnowledgeType::Text.as_str().to_owned();
        let (content, subject, file_name) = Default::default();
        Self { kind, content, subject, file_name, errors: Errors::default() }
    }
}

impl KnowledgeRow {
    pub fn new(entry: &Knowledge) -> Self {
        Self {
            id: entry.id.to_string(),
            excerpt: beginning(&entry.content, EXCERPT_CHARS),
            kind: kind_label(entry.kind),
            size: Size(count(entry.size_bytes)),
            source: source_label(&entry.source),
            added: When::new(entry.created_at),
        }
    }
}
