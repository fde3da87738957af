//! The visitor ends the conversation.

use axum::extract::State;
use serde::Serialize;

use crate::web::App;
use crate::web::error::Result;
use crate::web::extract::Json;
use crate::web::widget::session::Visit;

#[derive(Serialize)]
pub struct Closed {
    conversation_id: Option<String>,
    status: &'static str,
}

pub async fn create(State(app): State<App>, visit: Visit) -> Result<Json<Closed>> {
    let closed = app.store.close_conversation(visit.agent.account, visit.agent.id, visit.session.visitor).await?;
    Ok(Json(Closed { conversation_id: closed.map(|id| id.to_string()), status: "completed" }))
}
