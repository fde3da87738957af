//! An agent's conversations, with all that was said.

use axum::extract::State;
use serde::Serialize;

use crate::domain::account::Permission;
use crate::domain::conversation::{Author, Message, Transcript};
use crate::web::App;
use crate::web::caller::{ApiCaller, OwnedAgent};
use crate::web::error::Result;
use crate::web::extract::{Json, Paged};

#[derive(Serialize)]
pub struct ConversationList {
    conversations: Vec<ConversationView>,
    total: i64,
    limit: i64,
    offset: i64,
}

#[derive(Serialize)]
struct ConversationView {
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

pub async fn list(
    caller: ApiCaller,
    OwnedAgent(agent): OwnedAgent,
    Paged(page): Paged,
    State(app): State<App>,
) -> Result<Json<ConversationList>> {
    caller.require(Permission::ConversationsRead)?;
    let listed = app.store.transcripts(agent.account, agent.id, page).await?;
    let conversations = listed.rows.into_iter().map(ConversationView::new).collect();
    Ok(Json(ConversationList { conversations, total: listed.total, limit: page.limit, offset: page.offset }))
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
