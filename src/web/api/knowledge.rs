//! What an agent knows: entries listed, added and deleted.

use axum::extract::{RawPathParams, State};
use serde::Serialize;

use crate::domain::account::Permission;
use crate::domain::id::KnowledgeId;
use crate::domain::knowledge::{Knowledge, KnowledgeTotals, NewKnowledge};
use crate::web::App;
use crate::web::caller::{ApiCaller, OwnedAgent};
use crate::web::error::{ApiError, Result};
use crate::web::extract::{Created, Deleted, Json, Object, path_id};
use crate::web::once::Once;

#[derive(Serialize)]
pub struct Added {
    agent_id: String,
    knowledge_entries: i64,
    total_size_bytes: i64,
    added_at: String,
}

#[derive(Serialize)]
pub struct KnowledgeList {
    knowledge: Vec<KnowledgeView>,
    total: usize,
}

#[derive(Serialize)]
struct KnowledgeView {
    id: String,
    r#type: &'static str,
    content: String,
    size_bytes: i64,
    created_at: String,
}

pub async fn list(caller: ApiCaller, OwnedAgent(agent): OwnedAgent, State(app): State<App>) -> Result<Json<KnowledgeList>> {
    caller.require(Permission::AgentsRead)?;
    let entries = app.store.knowledge(agent.account, agent.id).await?;
    Ok(Json(KnowledgeList { total: entries.len(), knowledge: entries.into_iter().map(KnowledgeView::new).collect() }))
}

pub async fn create(
    caller: ApiCaller,
    OwnedAgent(agent): OwnedAgent,
    State(app): State<App>,
    once: Once,
    Object(body): Object,
) -> Result<Created<Added>> {
    caller.require(Permission::AgentsWrite)?;
    let new = NewKnowledge::parse(&body)?;
    let keep = once.keep(|totals: &KnowledgeTotals| Added::created(totals).parts());
    let totals = app.store.add_knowledge(agent.account, agent.id, new, keep).await?;
    Ok(Added::created(&totals))
}

pub async fn delete(
    caller: ApiCaller,
    OwnedAgent(agent): OwnedAgent,
    params: RawPathParams,
    State(app): State<App>,
) -> Result<Json<Deleted>> {
    caller.require(Permission::AgentsWrite)?;
    let id: KnowledgeId = path_id(&params, "entry", ApiError::not_found)?;
    app.store.delete_knowledge(agent.account, agent.id, id.clone()).await?;
    Ok(Json(Deleted::new(id)))
}

impl Added {
    fn created(totals: &KnowledgeTotals) -> Created<Self> {
        let body = Self {
            agent_id: totals.agent.to_string(),
            knowledge_entries: totals.entries,
            total_size_bytes: totals.size_bytes,
            added_at: totals.added_at.to_string(),
        };
        Created { location: format!("/api/v1/agents/{}/knowledge", totals.agent), body }
    }
}

impl KnowledgeView {
    fn new(entry: Knowledge) -> Self {
        Self {
            id: entry.id.to_string(),
            r#type: entry.kind.as_str(),
            content: entry.content,
            size_bytes: entry.size_bytes,
            created_at: entry.created_at.to_string(),
        }
    }
}
