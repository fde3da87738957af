//! The list of agents, searched and narrowed, and the form for a new one.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::account::Plan;
use crate::domain::agent::portable::PortableAgent;
use crate::domain::agent::{Agent, COLOR_DEFAULT, GREETING_DEFAULT, NewAgent};
use crate::domain::knowledge::{KnowledgeType, NewKnowledge, Source};
use crate::domain::page::{Filter, Page};
use crate::domain::size::Size;
use crate::storage;
use crate::web::App;
use crate::web::dashboard::Page as HtmlPage;
use crate::web::dashboard::conversations::words_of;
use crate::web::dashboard::display::{When, count};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Neighbours, ROWS, Section, last_of_more};
use crate::web::dashboard::session::{SignedForm, SignedIn};

#[derive(Template)]
#[template(path = "agents.html")]
pub struct AgentsPage {
    pub nav: Nav,
    pub filter: FilterForm,
    pub agents: Vec<AgentRow>,
    pub newest: Option<String>,
    pub older: Option<String>,
    pub form: NewAgentForm,
}

/// The filter as its form shows it.
pub struct FilterForm {
    pub words: String,
    pub status: &'static str,
}

impl FilterForm {
    pub fn is_set(&self) -> bool {
        !self.words.is_empty() || !self.status.is_empty()
    }
}

const STATUSES: [&str; 2] = ["active", "deactivated"];

/// One agent in the list.
pub struct AgentRow {
    pub id: String,
    pub name: String,
    pub color: String,
    pub active: bool,
    pub conversations: u64,
    pub leads: u64,
    pub knowledge: Size,
    pub created: When,
}

/// The values of `POST /agents`, shown again when they were refused.
pub struct NewAgentForm {
    pub name: String,
    pub greeting: String,
    pub color: String,
    pub knowledge: String,
    pub errors: Errors,
}

impl Default for NewAgentForm {
    fn default() -> Self {
        Self {
            name: String::new(),
            greeting: GREETING_DEFAULT.to_owned(),
            color: COLOR_DEFAULT.to_owned(),
            knowledge: String::new(),
            errors: Errors::default(),
        }
    }
}

type Queried = HashMap<String, String>;

pub async fn list(member: SignedIn, State(app): State<App>, Query(query): Query<Queried>) -> Result<Response> {
    page(&app, &member, &query, NewAgentForm::default()).await
}

pub async fn create(State(app): State<App>, SignedForm { member, fields }: SignedForm) -> Result<Response> {
    let names = [("name", "name"), ("greeting", "greeting"), ("color", "color"), ("knowledge_base", "knowledge")];
    let plan = app.plan_of(&member.0.account);
    let errors = match NewAgent::parse(&fields.object(&names)) {
        Ok(new) => match app.store.import_agent(member.0.account.id.clone(), pasted(new), plan.agents_max).await {
            Ok(agent) => {
                return Ok(Redirect::to(&format!("/agents/{}?done=created", agent.id)).into_response());
            }
            Err(storage::Error::LimitReached) => Errors::whole(plan_is_full(&plan)),
            Err(error) => return Err(error.into()),
        },
        Err(rejection) => Errors(rejection.failures).renamed("knowledge_base", "knowledge"),
    };
    let text = |name| fields.text(name).to_owned();
    let form = NewAgentForm {
        name: text("name"),
        greeting: text("greeting"),
        color: text("color"),
        knowledge: text("knowledge"),
        errors,
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&app, &member, &Queried::new(), form).await?).into_response())
}

pub fn plan_is_full(plan: &Plan) -> String {
    let most = plan.agents_max.unwrap_or_default();
    format!("Your plan {} allows {most} active agents. Deactivate one, or change the plan.", plan.name)
}

/// The new agent with what was pasted into its form, if anything was.
fn pasted(mut agent: NewAgent) -> PortableAgent {
    let content = agent.knowledge_base.take().filter(|content| !content.trim().is_empty());
    let entry = |content| NewKnowledge::new(KnowledgeType::Text, content, Source::Pasted);
    PortableAgent { agent, knowledge: content.map(entry).into_iter().collect(), questions: Vec::new() }
}

async fn page(app: &App, member: &SignedIn, query: &Queried, form: NewAgentForm) -> Result<Response> {
    let (filter, after) = (filter_of(query), query.get("after").cloned());
    let wanted = Page { after: after.clone(), filter: filter.clone(), ..Page::first(ROWS + 1) };
    let mut found = app.store.listed_agents(member.0.account.id.clone(), wanted).await?;
    let last = last_of_more(&mut found).map(|agent| agent.id.to_string());
    let kept = [("q", filter.words.as_deref().unwrap_or_default()), ("status", filter.status.unwrap_or_default())];
    let Neighbours { newest, older } = Neighbours::new("/agents", &kept, after.as_deref(), last.as_deref());
    let agents = found.into_iter().map(AgentRow::new).collect();
    let filter = FilterForm { words: filter.words.unwrap_or_default(), status: filter.status.unwrap_or_default() };
    Ok(HtmlPage(AgentsPage { nav: member.nav(Section::Agents), filter, agents, newest, older, form }).into_response())
}

/// What cannot be understood narrows nothing.
fn filter_of(query: &Queried) -> Filter {
    let status = query.get("status").and_then(|name| STATUSES.into_iter().find(|status| status == name));
    Filter { status, words: words_of(query) }
}

impl AgentRow {
    fn new(agent: Agent) -> Self {
        Self {
            id: agent.id.to_string(),
            active: agent.is_active(),
            conversations: count(agent.conversations_count),
            leads: count(agent.leads_count),
            knowledge: Size(count(agent.knowledge_size_bytes)),
            created: When::new(agent.created_at),
            name: agent.name,
            color: agent.color,
        }
    }
}
