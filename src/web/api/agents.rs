//! Agents: listed, created, shown, changed, deactivated and activated.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::agent::appearance::Appearance;
use crate::domain::agent::{Agent, AgentChange, NewAgent};
use crate::domain::answering::Answering;
use crate::domain::id::AgentId;
use crate::domain::time::Time;
use crate::storage;
use crate::web::App;
use crate::web::api::schema::requests;
use crate::web::api::schema::values::{AgentStatus, Caution, Tone, Words};
use crate::web::body::Object;
use crate::web::caller::{ApiCaller, OwnedAgent};
use crate::web::error::{ApiError, Result};
use crate::web::extract::{Created, Json, Paged, Statuses};
use crate::web::once::Once;

#[derive(Serialize, ToSchema)]
pub struct AgentList {
    agents: Vec<AgentRow>,
    total: usize,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AgentSummary)]
struct AgentRow {
    id: AgentId,
    name: String,
    greeting: String,
    color: String,
    #[schema(value_type = AgentStatus)]
    status: &'static str,
    conversations_count: i64,
    leads_count: i64,
    /// Whether the agent has any knowledge.
    knowledge_base: bool,
    created_at: Time,
    updated_at: Time,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Agent)]
pub struct AgentView {
    id: AgentId,
    name: String,
    greeting: String,
    color: String,
    #[schema(value_type = AgentStatus)]
    status: &'static str,
    /// Whether the agent has any knowledge.
    knowledge_base: bool,
    knowledge_size_bytes: i64,
    conversations_count: i64,
    leads_count: i64,
    /// Null until the agent's first answer.
    avg_response_time_ms: Option<i64>,
    /// The line of HTML that adds the widget to a website.
    embed_code: String,
    /// The host names where the widget may load. Empty allows every website.
    allowed_domains: Vec<String>,
    answering: AnsweringView,
    #[schema(value_type = requests::Appearance)]
    appearance: Appearance,
    created_at: Time,
    updated_at: Time,
}

/// How the agent answers.
#[derive(Serialize, ToSchema)]
#[schema(as = Answering)]
struct AnsweringView {
    /// Guidance for language models beyond the agent's knowledge.
    instructions: String,
    #[schema(value_type = Tone)]
    tone: &'static str,
    #[schema(value_type = Caution)]
    caution: &'static str,
    model: String,
    ask_unmatched: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Deactivated {
    id: AgentId,
    #[schema(value_type = AgentStatus)]
    status: &'static str,
    deactivated_at: Option<Time>,
}

pub struct AgentStatuses;

impl Statuses for AgentStatuses {
    const ALL: &'static [&'static str] = &["active", "deactivated"];
    const SEARCHED: bool = true;
}

/// List agents
///
/// Returns all agents in one response, newest first. Use `status` and `q` to filter them.
#[utoipa::path(get, path = "/agents", operation_id = "listAgents", tag = "Agents", security(("apiKey" = ["agents:read"])),
    params(
        ("status" = Option<AgentStatus>, Query, description = "Only return agents with this status."),
        ("q" = Option<Words>, Query, description = "Only return agents whose name or id contains these words, ignoring case."),
    ),
    responses((status = 200, body = AgentList, description = "The agents")))]
pub async fn list(caller: ApiCaller, Paged(page, _): Paged<AgentStatuses>, State(app): State<App>) -> Result<Json<AgentList>> {
    let mut agents = app.store.agents(caller.account_id()).await?;
    agents.retain(|agent| {
        let is_called = page.filter.words.as_ref().is_none_or(|words| agent.is_called(words));
        is_called && page.filter.status.is_none_or(|status| status == agent.status())
    });
    Ok(Json(AgentList { total: agents.len(), agents: agents.into_iter().map(AgentRow::new).collect() }))
}

/// Create an agent
///
/// The agent answers as soon as its embed code is on a website.
#[utoipa::path(post, path = "/agents", operation_id = "createAgent", tag = "Agents", security(("apiKey" = ["agents:write"])),
    request_body = requests::NewAgent,
    responses((status = 201, body = AgentView, description = "The new agent",
        headers(("Location" = String, description = "The agent's URL")))))]
pub async fn create(caller: ApiCaller, State(app): State<App>, once: Once, Object(body): Object) -> Result<Created<AgentView>> {
    let new = NewAgent::parse(&body)?;
    let seen = app.clone();
    let keep = once.keep(move |agent: &Agent| AgentView::created(agent, &seen).parts());
    let created = app.store.create_agent(caller.account_id(), new, caller.plan.agents_max, keep).await;
    let agent = created.map_err(|error| agents_used_up(error, &caller))?;
    Ok(AgentView::created(&agent, &app))
}

/// Get an agent
#[utoipa::path(get, path = "/agents/{agent}", operation_id = "getAgent", tag = "Agents", security(("apiKey" = ["agents:read"])),
    responses((status = 200, body = AgentView, description = "The agent")))]
pub async fn show(OwnedAgent(agent): OwnedAgent, State(app): State<App>) -> Result<Json<AgentView>> {
    Ok(Json(AgentView::new(agent, &app)))
}

/// Update an agent
///
/// Updates only the fields you send. PUT and PATCH do the same.
#[utoipa::path(method(put, patch), path = "/agents/{agent}", operation_id = "updateAgent", tag = "Agents",
    security(("apiKey" = ["agents:write"])), request_body = requests::AgentChange,
    responses((status = 200, body = AgentView, description = "The updated agent")))]
pub async fn update(OwnedAgent(agent): OwnedAgent, State(app): State<App>, Object(body): Object) -> Result<Json<AgentView>> {
    let change = AgentChange::parse(&body)?;
    let agent = app.store.update_agent(agent.account, agent.id, change).await?;
    app.live.agent_changed(&agent.id);
    Ok(Json(AgentView::new(agent, &app)))
}

/// Deactivate an agent
///
/// The widget stops answering immediately. Conversations and leads are kept. Deactivating the agent again changes nothing.
#[utoipa::path(delete, path = "/agents/{agent}", operation_id = "deactivateAgent", tag = "Agents",
    security(("apiKey" = ["agents:write"])),
    responses((status = 200, body = Deactivated, description = "The time of deactivation")))]
pub async fn deactivate(OwnedAgent(agent): OwnedAgent, State(app): State<App>) -> Result<Json<Deactivated>> {
    let agent = app.store.deactivate_agent(agent.account, agent.id).await?;
    app.live.agent_changed(&agent.id);
    Ok(Json(Deactivated { status: agent.status(), deactivated_at: agent.deactivated_at, id: agent.id }))
}

/// Reactivate an agent
///
/// The agent answers again immediately, if your plan allows one more active agent.
#[utoipa::path(post, path = "/agents/{agent}/activate", operation_id = "activateAgent", tag = "Agents",
    security(("apiKey" = ["agents:write"])), responses((status = 200, body = AgentView, description = "The updated agent")))]
pub async fn activate(
    caller: ApiCaller,
    OwnedAgent(agent): OwnedAgent,
    State(app): State<App>,
    once: Once,
) -> Result<Json<AgentView>> {
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
            status: agent.status(),
            id: agent.id,
            name: agent.name,
            greeting: agent.greeting,
            color: agent.color,
            conversations_count: agent.conversations_count,
            leads_count: agent.leads_count,
            knowledge_base: agent.knowledge_entries > 0,
            created_at: agent.created_at,
            updated_at: agent.updated_at,
        }
    }
}

impl AgentView {
    fn created(agent: &Agent, app: &App) -> Created<Self> {
        Created { location: format!("/api/v1/agents/{}", agent.id), body: Self::new(agent.clone(), app) }
    }

    fn new(agent: Agent, app: &App) -> Self {
        Self {
            status: agent.status(),
            embed_code: app.embed_code(&agent.id),
            id: agent.id,
            name: agent.name,
            greeting: agent.greeting,
            color: agent.color,
            knowledge_base: agent.knowledge_entries > 0,
            knowledge_size_bytes: agent.knowledge_size_bytes,
            conversations_count: agent.conversations_count,
            leads_count: agent.leads_count,
            avg_response_time_ms: agent.avg_response_time_ms,
            allowed_domains: agent.allowed_domains,
            answering: AnsweringView::new(agent.answering),
            appearance: agent.appearance,
            created_at: agent.created_at,
            updated_at: agent.updated_at,
        }
    }
}

impl AnsweringView {
    fn new(answering: Answering) -> Self {
        Self {
            tone: answering.tone.as_str(),
            caution: answering.caution.as_str(),
            model: answering.model.as_str().to_owned(),
            instructions: answering.instructions,
            ask_unmatched: answering.ask_unmatched,
        }
    }
}
