//! The visitor is typing: shown to whoever of the team looks, and kept nowhere.

use axum::extract::State;
use serde::Serialize;

use crate::web::App;
use crate::web::error::Result;
use crate::web::extract::Json;
use crate::web::live::TeamNews;
use crate::web::widget::limit_acts;
use crate::web::widget::session::Visit;

#[derive(Serialize)]
pub struct Shown {
    /// Whether a person has taken the conversation over. While nobody has, there is nobody to show it to.
    shown: bool,
}

pub async fn create(State(app): State<App>, visit: Visit) -> Result<Json<Shown>> {
    limit_acts(&app, &visit.session.visitor, visit.address)?;
    let account = visit.agent.account;
    let claimed = app.store.claimed_conversation(account.clone(), visit.agent.id, visit.session.visitor).await?;
    if let Some(id) = &claimed {
        app.live.tell_team(&account, TeamNews::Typing(id.clone()));
    }
    Ok(Json(Shown { shown: claimed.is_some() }))
}
