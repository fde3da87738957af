//! One agent: its numbers, embed code, preview, settings and knowledge.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::answer;
use crate::domain::Invalid;
use crate::domain::agent::{Agent, AgentChange};
use crate::domain::page;
use crate::domain::size::Size;
use crate::storage::{self, Keep};
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::appearance::AppearanceForm;
use crate::web::dashboard::conversations::ConversationRow;
use crate::web::dashboard::display::{When, count, duration_ms};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::knowledge::KnowledgeRow;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::session::{OwnAgent, SignedForm, SignedIn};
use crate::web::error::ApiError;

#[derive(Template)]
#[template(path = "agent.html")]
pub struct AgentPage {
    pub nav: Nav,
    pub id: String,
    pub name: String,
    pub color: String,
    pub active: bool,
    pub created: When,
    pub stats: AgentStats,
    pub embed_code: String,
    pub settings: SettingsForm,
    pub appearance: AppearanceForm,
    pub knowledge: Vec<KnowledgeRow>,
    /// The newest entries are not found by their meaning yet.
    pub learning: bool,
    /// The newest few; the whole list has a page of its own.
    pub conversations: Vec<ConversationRow>,
}

/// The numbers at the top of the page.
pub struct AgentStats {
    pub conversations: u64,
    pub leads: u64,
    pub response_ms: Option<u64>,
    pub knowledge: Size,
}

impl AgentStats {
    pub fn response(&self) -> Option<String> {
        self.response_ms.map(duration_ms)
    }
}

/// The values of `POST /agents/{id}`.
pub struct SettingsForm {
    pub name: String,
    pub greeting: String,
    pub color: String,
    /// One domain a line.
    pub allowed_domains: String,
    pub errors: Errors,
}

const CONVERSATIONS_SHOWN: i64 = 5;
/// The newest few; all of them have a page of their own.
const KNOWLEDGE_SHOWN: usize = 5;

pub async fn show(
    member: SignedIn,
    OwnAgent(agent): OwnAgent,
    State(app): State<App>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response> {
    let settings = SettingsForm::of(&agent, Errors::default());
    let mut page = page(&app, &member, agent, settings).await?;
    page.nav.flash = query.get("done").and_then(|done| flash(done)).map(str::to_owned);
    Ok(Page(page).into_response())
}

pub async fn update(
    OwnAgent(agent): OwnAgent,
    State(app): State<App>,
    SignedForm { member, fields }: SignedForm,
) -> Result<Response> {
    let domains: Vec<&str> = fields.text("allowed_domains").split([',', '\n']).map(str::trim).filter(|d| !d.is_empty()).collect();
    let mut body = fields.object(&[("name", "name"), ("greeting", "greeting"), ("color", "color")]);
    body.insert("allowed_domains".into(), domains.into());
    let failures = match AgentChange::parse(&body) {
        Ok(change) => {
            let agent = app.store.update_agent(agent.account, agent.id, change).await?;
            app.live.agent_changed(&agent.id);
            return Ok(Redirect::to(&format!("/agents/{}?done=saved", agent.id)).into_response());
        }
        Err(rejection) => rejection.failures,
    };
    let text = |name| fields.text(name).to_owned();
    let settings = SettingsForm {
        name: text("name"),
        greeting: text("greeting"),
        color: text("color"),
        allowed_domains: text("allowed_domains"),
        errors: Errors(failures.into_iter().map(of_whole_list).collect()),
    };
    let page = page(&app, &member, agent, settings).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

pub async fn deactivate(OwnAgent(agent): OwnAgent, State(app): State<App>, _: SignedForm) -> Result<Redirect> {
    let agent = app.store.deactivate_agent(agent.account, agent.id).await?;
    app.live.agent_changed(&agent.id);
    Ok(Redirect::to(&format!("/agents/{}?done=deactivated", agent.id)))
}

pub async fn activate(OwnAgent(agent): OwnAgent, State(app): State<App>, form: SignedForm) -> Result<Redirect> {
    let plan = app.plan_of(&form.member.0.account);
    let activated = app.store.activate_agent(agent.account, agent.id, plan.agents_max, Keep::nothing()).await;
    let agent = activated.map_err(|error| match error {
        storage::Error::LimitReached => {
            ApiError::plan_limit(format!("Your plan {} doesn’t allow more active agents.", plan.name))
        }
        other => other.into(),
    })?;
    Ok(Redirect::to(&format!("/agents/{}?done=activated", agent.id)))
}

fn flash(done: &str) -> Option<&'static str> {
    Some(match done {
        "duplicated" => "Agent duplicated. It starts without conversations or leads.",
        "imported" => "Agent imported. Add its embed code to your website.",
        "created" => "Agent created. Add its embed code to your website.",
        "saved" => "Saved.",
        "deactivated" => "Agent deactivated. It no longer answers.",
        "activated" => "Agent reactivated. It answers again.",
        _ => return None,
    })
}

/// The form has one field for all domains, so `allowed_domains[2]` is an error of that field.
pub fn of_whole_list(failure: Invalid) -> Invalid {
    match failure.field.split_once('[') {
        Some((list, _)) => Invalid::new(list, failure.message),
        None => failure,
    }
}

pub async fn page(app: &App, member: &SignedIn, agent: Agent, settings: SettingsForm) -> Result<AgentPage> {
    let knowledge = app.store.knowledge(agent.account.clone(), agent.id.clone()).await?;
    let recent = app.store.conversations(agent.account.clone(), agent.id.clone(), page::Page::first(CONVERSATIONS_SHOWN)).await?;
    let conversations = recent.rows.into_iter().map(|summary| ConversationRow::new(summary, &agent)).collect();
    Ok(AgentPage {
        nav: member.nav(Section::Agents),
        id: agent.id.to_string(),
        active: agent.is_active(),
        created: When::new(agent.created_at),
        stats: AgentStats {
            conversations: count(agent.conversations_count),
            leads: count(agent.leads_count),
            response_ms: agent.avg_response_time_ms.map(count),
            knowledge: Size(count(agent.knowledge_size_bytes)),
        },
        embed_code: app.embed_code(&agent.id),
        settings,
        appearance: AppearanceForm::of(&agent.appearance),
        knowledge: knowledge.iter().rev().take(KNOWLEDGE_SHOWN).map(KnowledgeRow::new).collect(),
        learning: answer::is_learning(&agent),
        conversations,
        name: agent.name,
        color: agent.color,
    })
}

impl SettingsForm {
    pub fn of(agent: &Agent, errors: Errors) -> Self {
        Self {
            name: agent.name.clone(),
            greeting: agent.greeting.clone(),
            color: agent.color.clone(),
            allowed_domains: agent.allowed_domains.join("\n"),
            errors,
        }
    }
}
