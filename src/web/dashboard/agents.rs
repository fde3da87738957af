//! The list of agents, and the form for a new one.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::agent::{Agent, COLOR_DEFAULT, GREETING_DEFAULT, NewAgent};
use crate::storage::{self, Keep};
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::display::{Size, When, count};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::session::{SignedForm, SignedIn};

#[derive(Template)]
#[template(path = "agents.html")]
pub struct AgentsPage {
    pub nav: Nav,
    pub agents: Vec<AgentRow>,
    pub form: NewAgentForm,
}

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

pub async fn list(member: SignedIn, State(app): State<App>) -> Result<Response> {
    page(&app, &member, NewAgentForm::default()).await
}

pub async fn create(State(app): State<App>, SignedForm { member, fields }: SignedForm) -> Result<Response> {
    let names = [("name", "name"), ("greeting", "greeting"), ("color", "color"), ("knowledge_base", "knowledge")];
    let plan = app.plan_of(&member.0.account);
    let errors = match NewAgent::parse(&fields.object(&names)) {
        Ok(new) => match app.store.create_agent(member.0.account.id.clone(), new, plan.agents_max, Keep::nothing()).await {
            Ok(agent) => {
                return Ok(Redirect::to(&format!("/agents/{}?done=created", agent.id)).into_response());
            }
            Err(storage::Error::LimitReached) => {
                let most = plan.agents_max.unwrap_or_default();
                Errors::whole(format!("Your plan {} allows {most} active agents.", plan.name))
            }
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
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&app, &member, form).await?).into_response())
}

async fn page(app: &App, member: &SignedIn, form: NewAgentForm) -> Result<Response> {
    let agents = app.store.agents(member.0.account.id.clone()).await?;
    let agents = agents.into_iter().map(AgentRow::new).collect();
    Ok(Page(AgentsPage { nav: member.nav(Section::Agents), agents, form }).into_response())
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
