//! A conversation as a file: JSON for programs, text for people.

use std::collections::HashMap;

use axum::extract::{Query, RawPathParams, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::domain::conversation::{Author, Message, Role, Transcript};
use crate::domain::id::ConversationId;
use crate::domain::unseen::cleaned;
use crate::web::App;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::session::SignedIn;
use crate::web::error::ApiError;
use crate::web::extract::path_id;

pub async fn show(
    member: SignedIn,
    params: RawPathParams,
    State(app): State<App>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response> {
    let id: ConversationId = path_id(&params, "conversation", ApiError::not_found)?;
    let account = member.0.account.id;
    let transcript = app.store.transcript(account.clone(), id.clone()).await?;
    let agent = app.store.agent(account, transcript.conversation.agent.clone()).await?.name;
    let (kind, ending, text) = match query.get("format").map(String::as_str) {
        Some("json") => ("application/json", "json", format!("{:#}\n", as_json(&transcript))),
        Some("text") => ("text/plain; charset=utf-8", "txt", cleaned(&as_text(&transcript, &agent))),
        _ => return Err(ApiError::bad_request("format must be json or text.").into()),
    };
    let name = format!("attachment; filename=\"{id}.{ending}\"");
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, text).into_response())
}

fn as_json(transcript: &Transcript) -> Value {
    let conversation = &transcript.conversation;
    json!({
        "id": conversation.id.to_string(),
        "agent_id": conversation.agent.to_string(),
        "visitor_id": conversation.visitor.to_string(),
        "status": conversation.status(),
        "page_url": conversation.page_url,
        "referrer": conversation.referrer,
        "started_at": conversation.started_at.to_string(),
        "ended_at": conversation.ended_at.map(|at| at.to_string()),
        "messages": transcript.messages.iter().map(message).collect::<Vec<_>>(),
    })
}

fn message(message: &Message) -> Value {
    let mut value = json!({
        "role": message.role.as_str(),
        "content": message.content,
        "timestamp": message.created_at.to_string(),
    });
    if message.author == Author::Operator {
        value["sent_by"] = "operator".into();
        value["operator_name"] = message.operator.clone().into();
    }
    value
}

fn as_text(transcript: &Transcript, agent: &str) -> String {
    let conversation = &transcript.conversation;
    let mut text = format!("Conversation {} with {agent}\n", conversation.id);
    for (name, value) in [("Page", &conversation.page_url), ("Referrer", &conversation.referrer)] {
        text.extend(value.iter().map(|value| format!("{name}: {value}\n")));
    }
    for message in &transcript.messages {
        let speaker = match (message.role, &message.operator) {
            (Role::User, _) => "Visitor",
            (Role::Assistant, Some(operator)) => operator,
            (Role::Assistant, None) => agent,
        };
        text.push_str(&format!("\n[{}] {speaker}:\n{}\n", message.created_at, message.content));
    }
    text
}
