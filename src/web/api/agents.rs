//! Agents: listed, created, shown, changed, deactivated and activated.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use crate::domain::account::Permission;
use crate::domain::agent::{Agent, AgentChange, NewAgent};
use crate::storage;
use crate::web::App;
use crate::web::caller::{ApiCaller, OwnedAgent};
use crate::web::error::{ApiError, Result};
use crate::web::extract::{Created, Json, Object, Paged, Statuses};
use crate::web::once::Once;

#[derive(Serialize)]
pub struct AgentList {
    agents: Vec<AgentRow>,
    total: usize,
}

#[derive(Serialize)]
struct AgentRow {
    id: String,
    name: String,
    greeting: String,
    color: String,
    status: &'static str,
    conversations_count: i64,
    leads_count: i64,
    knowledge_base: bool,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
pub struct AgentView {
    id: String,
    name: String,
    greeting: String,
    color: String,
    status: &'static str,
    knowledge_base: bool,
    knowledge_size_bytes: i64,
    conversations_count: i64,
    leads_count: i64,
    avg_response_time_ms: Option<i64>,
    embed_code: String,
    allowed_domains: Vec<String>,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
pub struct Deactivated {
    id: String,
    status: &'static str,
    deactivated_at: Option<String>,
}

pub struct AgentStatuses;

impl Statuses for AgentStatuses {
    const ALL: &'static [&'static str] = &["active", "deactivated"];
}

/// All of them, as the documentation shows; `status` and `q` choose among them.
pub async fn list(caller: ApiCaller, Paged(page, _): Paged<AgentStatuses>, State(app): State<App>) -> Result<Json<AgentList>> {
    caller.require(Permission::AgentsRead)?;
    let mut agents = app.store.agents(caller.account_id()).await?;
    let words = page.filter.words.map(|words| words.to_lowercase());
    agents.retain(|agent| {
        let named = words.as_ref().is_none_or(|words| agent.name.to_lowercase().contains(words));
        named && page.filter.status.is_none_or(|status| status == agent.status())
    });
    Ok(Json(AgentList { total: agents.len(), agents: agents.into_iter().map(AgentRow::new).collect() }))
}

pub async fn create(caller: ApiCaller, State(app): State<App>, once: Once, Object(body): Object) -> Result<Created<AgentView>> {
    caller.require(Permission::AgentsWrite)?;
    let new = NewAgent::parse(&body)?;
    let seen = app.clone();
    let keep = once.keep(move |agent: &Agent| AgentView::created(agent, &seen).parts());
    let created = app.store.create_agent(caller.account_id(), new, caller.plan.agents_max, keep).await;
    let agent = created.map_err(|error| agents_used_up(error, &caller))?;
    Ok(AgentView::created(&agent, &app))
}

pub async fn show(caller: ApiCaller, OwnedAgent(agent): OwnedAgent, State(app): State<App>) -> Result<Json<AgentView>> {
    caller.require(Permission::AgentsRead)?;
    Ok(Json(AgentView::new(agent, &app)))
}

pub async fn update(
    caller: ApiCaller,
    OwnedAgent(agent): OwnedAgent,
    State(app): State<App>,
    Object(body): Object,
) -> Result<Json<AgentView>> {
    caller.require(Permission::AgentsWrite)?;
    let change = AgentChange::parse(&body)?;
    let agent = app.store.update_agent(agent.account, agent.id, change).await?;
    app.live.agent_changed(&agent.id);
    Ok(Json(AgentView::new(agent, &app)))
}

pub async fn deactivate(caller: ApiCaller, OwnedAgent(agent): OwnedAgent, State(app): State<App>) -> Result<Json<Deactivated>> {
    caller.require(Permission::AgentsWrite)?;
    let agent = app.store.deactivate_agent(agent.account, agent.id).await?;
    app.live.agent_changed(&agent.id);
    let deactivated_at = agent.deactivated_at.map(|at| at.to_string());
    Ok(Json(Deactivated { id: agent.id.to_string(), status: agent.status(), deactivated_at }))
}

pub async fn activate(
    caller: ApiCaller,
    OwnedAgent(agent): OwnedAgent,
    State(app): State<App>,
    once: Once,
) -> Result<Json<AgentView>> {
    caller.require(Permission::AgentsWrite)?;
    let seen = app.clone();
    let keep = once.keep(move |agent: &Agent| (StatusCode::OK, None, AgentView::new(agent.clone(), &seen)));
    let activated = app.store.activate_agent(agent.account, agent.id, caller.plan.agents_max, keep).await;
    let agent = activated.map_err(|error| agents_used_up(error, &caller))?;
    app.live.agent_changed(&agent.id);
    Ok(Json(AgentView::new(agent, &app)))
}

fn agents_used_up(error: storage::Error, caller: &ApiCaller) -> ApiError {
    match error {
        storage::Error::LimitReached => {
            let most = caller.plan.agents_max.unwrap_or_default();
            ApiError::plan_limit(format!(
                "Your plan {} allows {most} active agents. Deactivate one or upgrade.",
                caller.plan.name
            ))
        }
        other => other.into(),
    }
}

impl AgentRow {
    fn new(agent: Agent) -> Self {
        Self {
            id: agent.id.to_string(),
            status: agent.status(),
            name: agent.name,
            greeting: agent.greeting,
            color: agent.color,
            conversations_count: agent.conversations_count,
            leads_count: agent.leads_count,
            knowledge_base: agent.knowledge_entries > 0,
            created_at: agent.created_at.to_string(),
            updated_at: agent.updated_at.to_string(),
        }
    }
}

impl AgentView {
    fn created(agent: &Agent, app: &App) -> Created<Self> {
        Created { location: format!("/api/v1/agents/{}", agent.id), body: Self::new(agent.clone(), app) }
    }

    fn new(agent: Agent, app: &App) -> Self {
        Self {
            id: agent.id.to_string(),
            status: agent.status(),
            embed_code: app.embed_code(&agent.id),
            name: agent.name,
            greeting: agent.greeting,
            color: agent.color,
            knowledge_base: agent.knowledge_entries > 0,
            knowledge_size_bytes: agent.knowledge_size_bytes,
            conversations_count: agent.conversations_count,
            leads_count: agent.leads_count,
            avg_response_time_ms: agent.avg_response_time_ms,
            allowed_domains: agent.allowed_domains,
            created_at: agent.created_at.to_string(),
            updated_at: agent.updated_at.to_string(),
        }
    }
}
