//! An agent's conversations, with all that was said.

use axum::extract::{RawPathParams, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::conversation::{Author, Message, Transcript};
use crate::domain::id::{AgentId, ConversationId, VisitorId};
use crate::domain::time::Time;
use crate::web::App;
use crate::web::api::schema::requests::PageQuery;
use crate::web::api::schema::values::{ConversationStatus, MessageRole};
use crate::web::api::trace::TraceView;
use crate::web::caller::{ApiCaller, OwnedAgent};
use crate::web::csv;
use crate::web::error::{ApiError, Result};
use crate::web::extract::{Deleted, Json, Paged, Statuses, next_after, path_id, unknown_cursor};

#[derive(Serialize, ToSchema)]
pub struct ConversationList {
    conversations: Vec<ConversationView>,
    total: i64,
    limit: i64,
    offset: i64,
    /// Send it as `after` to get the next page. Null on the last page.
    next_after: Option<ConversationId>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Conversation)]
pub struct ConversationView {
    id: ConversationId,
    agent_id: AgentId,
    visitor_id: VisitorId,
    #[schema(value_type = ConversationStatus)]
    status: &'static str,
    messages_count: i64,
    lead_captured: bool,
    /// The time until the conversation's end, or until its last message while it is active.
    duration_seconds: i64,
    /// The page where the conversation started.
    page_url: Option<String>,
    /// The messages, oldest first.
    messages: Vec<MessageView>,
    started_at: Time,
    /// Null while the conversation is active.
    ended_at: Option<Time>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
struct MessageView {
    #[schema(value_type = MessageRole)]
    role: &'static str,
    content: String,
    timestamp: Time,
    /// `operator` if a member of your team wrote the message; otherwise omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sent_by: Option<&'static str>,
    /// Explains the answer. Present only when you get a single conversation, and only on answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    trace: Option<TraceView>,
}

pub struct ConversationStatuses;

impl Statuses for ConversationStatuses {
    const ALL: &'static [&'static str] = &["active", "completed"];
}

/// List an agent's conversations
///
/// Returns conversations with their messages, newest first. CSV responses contain all matching conversations and ignore `limit`.
#[utoipa::path(get, path = "/agents/{agent}/conversations", operation_id = "listConversations", tag = "Conversations",
    security(("apiKey" = ["conversations:read"])),
    params(PageQuery, ("status" = Option<ConversationStatus>, Query, description = "Only conversations with this status.")),
    responses((status = 200, description = "A page of conversations",
        content((ConversationList = "application/json"), (String = "text/csv")))))]
pub async fn list(
    OwnedAgent(agent): OwnedAgent,
    Paged(page, _): Paged<ConversationStatuses>,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response> {
    if csv::is_wanted(&headers) {
        return csv::answer(csv::Rows::conversations(app, agent, page)).await.map_err(unknown_cursor);
    }
    let (limit, offset) = (page.limit, page.offset);
    let listed = app.store.transcripts(agent.account, agent.id, page).await.map_err(unknown_cursor)?;
    let conversations: Vec<_> = listed.rows.into_iter().map(ConversationView::in_list).collect();
    let next_after = next_after(&conversations, limit, |row| &row.id);
    Ok(Json(ConversationList { next_after, conversations, total: listed.total, limit, offset }).into_response())
}

/// Get a conversation
#[utoipa::path(get, path = "/conversations/{conversation}", operation_id = "getConversation", tag = "Conversations",
    security(("apiKey" = ["conversations:read"])),
    responses((status = 200, body = ConversationView, description = "The conversation")))]
pub async fn show(caller: ApiCaller, params: RawPathParams, State(app): State<App>) -> Result<Json<ConversationView>> {
    let id = path_id(&params, "conversation", ApiError::not_found)?;
    Ok(Json(ConversationView::new(app.store.transcript(caller.account_id(), id).await?)))
}

/// Delete a conversation
///
/// Permanently deletes the conversation and its messages. Its lead is kept.
#[utoipa::path(delete, path = "/conversations/{conversation}", operation_id = "deleteConversation", tag = "Conversations",
    security(("apiKey" = ["agents:write"])), responses((status = 200, body = Deleted, description = "Deleted")))]
pub async fn delete(caller: ApiCaller, params: RawPathParams, State(app): State<App>) -> Result<Json<Deleted>> {
    let id: ConversationId = path_id(&params, "conversation", ApiError::not_found)?;
    app.store.delete_conversation(caller.account_id(), id.clone()).await?;
    Ok(Json(Deleted::new(id)))
}

impl ConversationView {
    /// Without traces, which would make up most of a list.
    fn in_list(transcript: Transcript) -> Self {
        let mut view = Self::new(transcript);
        view.messages.iter_mut().for_each(|message| message.trace = None);
        view
    }

    fn new(transcript: Transcript) -> Self {
        let conversation = transcript.conversation;
        Self {
            status: conversation.status(),
            messages_count: conversation.messages_count,
            lead_captured: conversation.lead.is_some(),
            duration_seconds: conversation.duration_seconds(),
            messages: transcript.messages.into_iter().map(MessageView::new).collect(),
            id: conversation.id,
            agent_id: conversation.agent,
            visitor_id: conversation.visitor,
            started_at: conversation.started_at,
            ended_at: conversation.ended_at,
            page_url: conversation.page_url,
        }
    }
}

impl MessageView {
    fn new(message: Message) -> Self {
        Self {
            role: message.role.as_str(),
            content: message.content,
            timestamp: message.created_at,
            sent_by: (message.author == Author::Operator).then_some("operator"),
            trace: message.trace.map(TraceView::new),
        }
    }
}
