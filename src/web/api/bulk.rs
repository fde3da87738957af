//! Many at once: agents created, the same knowledge given to several agents. Each item is judged by itself.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::agent::{Agent, NewAgent};
use crate::domain::id::{AgentId, Identifier};
use crate::domain::input::Fields;
use crate::domain::knowledge::NewKnowledge;
use crate::domain::{Invalid, Rejection};
use crate::storage;
use crate::web::App;
use crate::web::api::schema::requests;
use crate::web::api::schema::values::{AgentStatus, TargetStatus};
use crate::web::body::{BULK_BYTES_MAX, Object};
use crate::web::caller::ApiCaller;
use crate::web::error::{ApiError, Detail, Inner, Result};
use crate::web::extract::Json;
use crate::web::once::Once;

const AGENTS_MAX: usize = 20;

type Bulk = Object<BULK_BYTES_MAX>;

#[derive(Serialize, ToSchema)]
struct CreatedAgents {
    /// Present only if no agent was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<Inner>,
    agents: Vec<AgentRow>,
    created: usize,
    failed: usize,
    /// The agents that were not created, with their index in the request.
    errors: Vec<Failure>,
}

/// No agent was created: the error, and one entry per agent. If the list itself is invalid, only the error.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the documentation")]
struct RefusedAgents {
    error: Inner,
    #[schema(nullable = false, max_items = 0)]
    agents: Option<Vec<AgentRow>>,
    #[schema(nullable = false)]
    created: Option<usize>,
    #[schema(nullable = false)]
    failed: Option<usize>,
    #[schema(nullable = false)]
    errors: Option<Vec<Failure>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CreatedAgent)]
struct AgentRow {
    id: AgentId,
    name: String,
    #[schema(value_type = AgentStatus)]
    status: &'static str,
    /// The line of HTML that adds the widget to a website.
    embed_code: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RefusedAgent)]
struct Failure {
    index: usize,
    code: &'static str,
    message: String,
    details: Vec<Detail>,
}

#[derive(Serialize, ToSchema)]
pub struct Distributed {
    updated: usize,
    failed: usize,
    results: Vec<Target>,
}

#[derive(Serialize, ToSchema)]
struct Target {
    /// The id as you sent it.
    agent_id: String,
    #[schema(value_type = TargetStatus)]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<TargetError>,
}

#[derive(Serialize, ToSchema)]
struct TargetError {
    code: &'static str,
    message: String,
}

/// Create several agents
///
/// Creates up to 20 agents. Each one succeeds or fails on its own.
#[utoipa::path(post, path = "/agents/bulk", operation_id = "createAgents", tag = "Agents",
    security(("apiKey" = ["agents:write"])),
    request_body = requests::NewAgents,
    responses(
        (status = 201, body = CreatedAgents, description = "At least one agent was created"),
        (status = 422, body = RefusedAgents, description = "No agent was created, or the list itself is invalid"),
    ))]
pub async fn create_agents(caller: ApiCaller, State(app): State<App>, once: Once, Object(body): Bulk) -> Result<Response> {
    let mut rejected = Vec::new();
    let mut valid = Vec::new();
    for (index, item) in items(&body)?.iter().enumerate() {
        match new_agent(index, item) {
            Ok(new) => valid.push((index, new)),
            Err(rejection) => rejected.push((index, ApiError::from(rejection))),
        }
    }
    let (places, new): (Vec<usize>, Vec<NewAgent>) = valid.into_iter().unzip();
    if new.is_empty() {
        return Ok(CreatedAgents::of(&app, &places, &[], rejected).into_response());
    }
    let (seen, kept) = (app.clone(), (places.clone(), rejected.clone()));
    let keep = once.keep(move |made: &Vec<storage::Result<Agent>>| {
        let answer = CreatedAgents::of(&seen, &kept.0, made, kept.1);
        (answer.status(), None, answer)
    });
    let made = app.store.create_agents(caller.account_id(), new, caller.plan.agents_max, keep).await?;
    Ok(CreatedAgents::of(&app, &places, &made, rejected).into_response())
}

fn items(body: &Map<String, Value>) -> Result<&Vec<Value>> {
    let mut fields = Fields::new(body);
    let sent = fields.required("agents");
    match sent {
        Some(Value::Array(items)) if (1..=AGENTS_MAX).contains(&items.len()) => return Ok(items),
        Some(_) => fields.fail("agents", format!("must be a list of 1 to {AGENTS_MAX} agents")),
        None => {}
    }
    fields.finish()?;
    Err(ApiError::internal())
}

fn new_agent(index: usize, item: &Value) -> std::result::Result<NewAgent, Rejection> {
    let place = format!("agents[{index}]");
    let object = item.as_object().ok_or_else(|| Rejection::one(place.clone(), "must be an object"))?;
    NewAgent::parse_at(object, &format!("{place}."))
}

/// The only failure that the store reports of one agent among others.
fn refused() -> ApiError {
    ApiError::plan_limit("Your plan's limit of active agents is reached.")
}

impl CreatedAgents {
    /// `places` tells where in the request each agent stood that was made, or refused by the store.
    fn of(app: &App, places: &[usize], made: &[storage::Result<Agent>], rejected: Vec<(usize, ApiError)>) -> Self {
        let mut failures = rejected;
        let mut agents = Vec::new();
        for (index, made) in places.iter().zip(made) {
            match made {
                Ok(agent) => agents.push(AgentRow::new(app, agent)),
                Err(_) => failures.push((*index, refused())),
            }
        }
        failures.sort_by_key(|(index, _)| *index);
        let error = agents.is_empty().then(|| nothing_created(&failures));
        let errors: Vec<Failure> = failures.into_iter().map(Failure::new).collect();
        Self { error, created: agents.len(), failed: errors.len(), agents, errors }
    }

    /// 201 if any was created; a request of which nothing came is an error as a whole.
    const fn status(&self) -> StatusCode {
        if self.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::CREATED }
    }
}

impl IntoResponse for CreatedAgents {
    fn into_response(self) -> Response {
        (self.status(), Json(self)).into_response()
    }
}

fn nothing_created(failures: &[(usize, ApiError)]) -> Inner {
    let message = "None of the agents could be created; see errors.";
    let mut error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_error", message);
    error.details = failures.iter().flat_map(|(index, error)| details_of(*index, error)).collect();
    error.inner()
}

fn details_of(index: usize, error: &ApiError) -> Vec<Invalid> {
    if error.details.is_empty() {
        return vec![Invalid::new(format!("agents[{index}]"), error.message.clone())];
    }
    error.details.clone()
}

/// Add knowledge to several agents
///
/// Adds the same content to up to 50 agents. The response names each agent that does not exist.
#[utoipa::path(post, path = "/knowledge/bulk", operation_id = "addSharedKnowledge", tag = "Knowledge",
    security(("apiKey" = ["agents:write"])), request_body = requests::SharedKnowledge,
    responses((status = 200, body = Distributed, description = "The result for each agent")))]
pub async fn add_knowledge(
    caller: ApiCaller,
    State(app): State<App>,
    once: Once,
    Object(body): Object,
) -> Result<Json<Distributed>> {
    let (new, targets) = NewKnowledge::parse_for_many(&body)?;
    // An id of another form is an agent that does not exist; its place in the answer is kept.
    let known: Vec<AgentId> = targets.iter().filter_map(|id| AgentId::parse(id)).collect();
    let asked = targets.clone();
    let keep =
        once.keep(move |added: &Vec<(AgentId, storage::Result<()>)>| (StatusCode::OK, None, Distributed::of(asked, added)));
    let added = app.store.add_knowledge_to(caller.account_id(), known, new, keep).await?;
    Ok(Json(Distributed::of(targets, &added)))
}

impl Distributed {
    fn of(targets: Vec<String>, added: &[(AgentId, storage::Result<()>)]) -> Self {
        let outcome = |id: &str| added.iter().find(|(agent, _)| agent.as_str() == id).map(|(_, outcome)| outcome);
        let results: Vec<Target> = targets.into_iter().map(|id| Target::new(outcome(&id), id)).collect();
        let updated = results.iter().filter(|target| target.error.is_none()).count();
        Self { updated, failed: results.len() - updated, results }
    }
}

impl AgentRow {
    fn new(app: &App, agent: &Agent) -> Self {
        let embed_code = app.embed_code(&agent.id);
        Self { id: agent.id.clone(), name: agent.name.clone(), status: agent.status(), embed_code }
    }
}

impl Failure {
    fn new((index, error): (usize, ApiError)) -> Self {
        Self { index, code: error.code, details: error.details.iter().map(Detail::new).collect(), message: error.message }
    }
}

impl Target {
    /// An id without an outcome is of a form that no agent has.
    fn new(outcome: Option<&storage::Result<()>>, agent_id: String) -> Self {
        let error = match outcome {
            Some(Ok(())) => None,
            Some(Err(storage::Error::TooMuchKnowledge(reason))) => Some(Rejection::one("content", reason).into()),
            _ => Some(ApiError::agent_not_found()),
        };
        let status = if error.is_none() { "success" } else { "failed" };
        let error = error.map(|error| TargetError { code: error.code, message: error.message });
        Self { agent_id, status, error }
    }
}
