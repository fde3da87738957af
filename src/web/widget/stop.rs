//! The visitor has read enough of an answer that is still being written.

use axum::extract::State;
use serde::Serialize;

use crate::web::App;
use crate::web::error::Result;
use crate::web::extract::Json;
use crate::web::widget::limit_acts;
use crate::web::widget::session::Visit;

#[derive(Serialize)]
pub struct Stopped {
    /// Whether an answer was on its way. It ends with what was shown of it; its stream says so.
    stopped: bool,
}

pub async fn create(State(app): State<App>, visit: Visit) -> Result<Json<Stopped>> {
    limit_acts(&app, &visit.session.visitor, visit.address)?;
    Ok(Json(Stopped { stopped: app.answerer.interrupt(&visit.session.visitor) }))
}
