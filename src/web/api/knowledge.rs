//! What an agent knows: entries listed, added and deleted.

use axum::extract::{RawPathParams, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::id::{AgentId, KnowledgeId};
use crate::domain::knowledge::{Knowledge, KnowledgeTotals, KnowledgeType, NewKnowledge};
use crate::domain::time::Time;
use crate::web::App;
use crate::web::api::schema::requests;
use crate::web::body::Object;
use crate::web::caller::OwnedAgent;
use crate::web::error::{ApiError, Result};
use crate::web::extract::{Created, Deleted, Json, path_id};
use crate::web::once::Once;

#[derive(Serialize, ToSchema)]
#[schema(as = AddedKnowledge)]
pub struct Added {
    agent_id: AgentId,
    /// The agent's number of entries, including this one.
    knowledge_entries: i64,
    /// The total size of all entries.
    total_size_bytes: i64,
    added_at: Time,
}

#[derive(Serialize, ToSchema)]
pub struct KnowledgeList {
    knowledge: Vec<KnowledgeView>,
    total: usize,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Knowledge)]
struct KnowledgeView {
    id: KnowledgeId,
    r#type: KnowledgeType,
    content: String,
    size_bytes: i64,
    /// The entry's origin: `api`, `pasted`, `question`, `sample`, or `file:` and a name. Empty if it was not recorded.
    source: String,
    created_at: Time,
}

/// List an agent's knowledge
#[utoipa::path(get, path = "/agents/{agent}/knowledge", operation_id = "listKnowledge", tag = "Knowledge",
    security(("apiKey" = ["agents:read"])), responses((status = 200, body = KnowledgeList, description = "The agent's entries")))]
pub async fn list(OwnedAgent(agent): OwnedAgent, State(app): State<App>) -> Result<Json<KnowledgeList>> {
    let entries = app.store.knowledge(agent.account, agent.id).await?;
    Ok(Json(KnowledgeList { total: entries.len(), knowledge: entries.into_iter().map(KnowledgeView::new).collect() }))
}

/// Add knowledge
///
/// The agent uses the entry from its next answer.
#[utoipa::path(post, path = "/agents/{agent}/knowledge", operation_id = "addKnowledge", tag = "Knowledge",
    security(("apiKey" = ["agents:write"])), request_body = requests::NewKnowledge,
    responses((status = 201, body = Added, description = "The agent's knowledge after the change",
        headers(("Location" = String, description = "The URL of the agent's knowledge")))))]
pub async fn create(
    OwnedAgent(agent): OwnedAgent,
    State(app): State<App>,
    once: Once,
    Object(body): Object,
) -> Result<Created<Added>> {
    let new = NewKnowledge::parse(&body)?;
    let keep = once.keep(|totals: &KnowledgeTotals| Added::created(totals).parts());
    let totals = app.store.add_knowledge(agent.account, agent.id, new, keep).await?;
    Ok(Added::created(&totals))
}

/// Delete a knowledge entry
#[utoipa::path(delete, path = "/agents/{agent}/knowledge/{entry}", operation_id = "deleteKnowledge", tag = "Knowledge",
    security(("apiKey" = ["agents:write"])), responses((status = 200, body = Deleted, description = "Deleted")))]
pub async fn delete(OwnedAgent(agent): OwnedAgent, params: RawPathParams, State(app): State<App>) -> Result<Json<Deleted>> {
    let id: KnowledgeId = path_id(&params, "entry", ApiError::not_found)?;
    app.store.delete_knowledge(agent.account, agent.id, id.clone()).await?;
    Ok(Json(Deleted::new(id)))
}

impl Added {
    fn created(totals: &KnowledgeTotals) -> Created<Self> {
        let body = Self {
            agent_id: totals.agent.clone(),
            knowledge_entries: totals.entries,
            total_size_bytes: totals.size_bytes,
            added_at: totals.added_at,
        };
        Created { location: format!("/api/v1/agents/{}/knowledge", totals.agent), body }
    }
}

impl KnowledgeView {
    fn new(entry: Knowledge) -> Self {
        Self {
            id: entry.id,
            r#type: entry.kind,
            content: entry.content,
            size_bytes: entry.size_bytes,
            source: entry.source.text(),
            created_at: entry.created_at,
        }
    }
}
