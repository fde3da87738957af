//! The visitor ends the conversation.

use std::time::Duration;

use axum::extract::State;
use serde::Serialize;

use crate::web::App;
use crate::web::error::Result;
use crate::web::extract::Json;
use crate::web::live::TeamNews;
use crate::web::widget::limit_acts;
use crate::web::widget::session::Visit;

#[derive(Serialize)]
pub struct Closed {
    conversation_id: Option<String>,
    status: &'static str,
}

/// An answer that is being written belongs to the conversation that it was asked in, so it is waited for, but for what a
/// model would still write for nobody.
const ANSWER_WAIT: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub async fn create(State(app): State<App>, visit: Visit) -> Result<Json<Closed>> {
    limit_acts(&app, &visit.session.visitor, visit.address)?;
    app.answerer.interrupt(&visit.session.visitor);
    let answered = async {
        while app.answerer.is_answering(&visit.session.visitor) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    // Of one that takes longer, what the visitor saw is kept, and no more.
    let in_time = tokio::time::timeout(ANSWER_WAIT, answered).await.is_ok();
    let visitor = visit.session.visitor;
    let shown = if in_time { None } else { app.answerer.shown(&visitor) };
    let account = visit.agent.account;
    let closed = app.store.close_conversation(account.clone(), visit.agent.id, visitor, shown).await?;
    if let Some(id) = &closed {
        app.live.tell_team(&account, TeamNews::Changed(id.clone()));
    }
    Ok(Json(Closed { conversation_id: closed.map(|id| id.to_string()), status: "completed" }))
}
