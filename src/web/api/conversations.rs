//! An agent's conversations, with all that was said.

use axum::extract::{RawPathParams, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::domain::account::Permission;
use crate::domain::conversation::{Author, Message, Transcript};
use crate::domain::id::ConversationId;
use crate::web::App;
use crate::web::api::csv;
use crate::web::caller::{ApiCaller, OwnedAgent};
use crate::web::error::{ApiError, Result};
use crate::web::extract::{Deleted, Json, Paged, Statuses, next_after, path_id, unknown_cursor};

#[derive(Serialize)]
pub struct ConversationList {
    conversations: Vec<ConversationView>,
    total: i64,
    limit: i64,
    offset: i64,
    /// To be sent as `after` for the rows that follow; null at the end.
    next_after: Option<String>,
}

#[derive(Serialize)]
pub struct ConversationView {
    id: String,
    agent_id: String,
    visitor_id: String,
    status: &'static str,
    messages_count: i64,
    lead_captured: bool,
    duration_seconds: i64,
    page_url: Option<String>,
    messages: Vec<MessageView>,
    started_at: String,
    ended_at: Option<String>,
}

#[derive(Serialize)]
struct MessageView {
    role: &'static str,
    content: String,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_by: Option<&'static str>,
}

pub struct ConversationStatuses;

impl Statuses for ConversationStatuses {
    const ALL: &'static [&'static str] = &["active", "completed"];
}

pub async fn list(
    caller: ApiCaller,
    OwnedAgent(agent): OwnedAgent,
    Paged(page, _): Paged<ConversationStatuses>,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response> {
    caller.require(Permission::ConversationsRead)?;
    if csv::is_wanted(&headers) {
        return Ok(csv::stream(csv::Rows::conversations(app, agent, page)));
    }
    let (limit, offset) = (page.limit, page.offset);
    let listed = app.store.transcripts(agent.account, agent.id, page).await.map_err(unknown_cursor)?;
    let conversations: Vec<_> = listed.rows.into_iter().map(ConversationView::new).collect();
    let next_after = next_after(&conversations, limit, |row| &row.id);
    Ok(Json(ConversationList { next_after, conversations, total: listed.total, limit, offset }).into_response())
}

pub async fn show(caller: ApiCaller, params: RawPathParams, State(app): State<App>) -> Result<Json<ConversationView>> {
    caller.require(Permission::ConversationsRead)?;
    let id = path_id(&params, "conversation", ApiError::not_found)?;
    Ok(Json(ConversationView::new(app.store.transcript(caller.account_id(), id).await?)))
}

/// Its lead is kept.
pub async fn delete(caller: ApiCaller, params: RawPathParams, State(app): State<App>) -> Result<Json<Deleted>> {
    caller.require(Permission::AgentsWrite)?;
    let id: ConversationId = path_id(&params, "conversation", ApiError::not_found)?;
    app.store.delete_conversation(caller.account_id(), id.clone()).await?;
    Ok(Json(Deleted::new(id)))
}

impl ConversationView {
    fn new(transcript: Transcript) -> Self {
        let conversation = transcript.conversation;
        Self {
            id: conversation.id.to_string(),
            agent_id: conversation.agent.to_string(),
            visitor_id: conversation.visitor.to_string(),
            status: conversation.status(),
            messages_count: conversation.messages_count,
            lead_captured: conversation.lead.is_some(),
            duration_seconds: conversation.duration_seconds(),
            messages: transcript.messages.into_iter().map(MessageView::new).collect(),
            started_at: conversation.started_at.to_string(),
            ended_at: conversation.ended_at.map(|at| at.to_string()),
            page_url: conversation.page_url,
        }
    }
}

impl MessageView {
    fn new(message: Message) -> Self {
        Self {
            role: message.role.as_str(),
            content: message.content,
            timestamp: message.created_at.to_string(),
            sent_by: (message.author == Author::Operator).then_some("operator"),
        }
    }
}
