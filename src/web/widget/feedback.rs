//! A thumb, up or down, on an answer.

use axum::extract::State;
use serde::Serialize;

use crate::domain::id::{Identifier, MessageId};
use crate::domain::input::{Fields, line};
use crate::web::App;
use crate::web::error::{ApiError, Result};
use crate::web::extract::Json;
use crate::web::widget::limit_acts;
use crate::web::widget::session::Visit;

#[derive(Serialize)]
pub struct Rated {
    message_id: String,
    value: &'static str,
}

pub async fn create(State(app): State<App>, visit: Visit) -> Result<Json<Rated>> {
    limit_acts(&app, &visit.session.visitor, visit.address)?;
    let mut fields = Fields::new(&visit.body);
    let message = fields.required_text("message_id", &line(1..=100));
    fields.required("value");
    let up = match fields.sent("value").and_then(|value| value.as_str()) {
        Some("up") => true,
        Some("down") => false,
        _ => {
            if fields.sent("value").is_some_and(|value| !value.is_null()) {
                fields.fail("value", "must be up or down");
            }
            false
        }
    };
    fields.finish()?;
    let id = MessageId::parse(&message).ok_or_else(ApiError::not_found)?;
    app.store.rate_message(visit.agent.account, visit.session.visitor, id.clone(), up).await?;
    Ok(Json(Rated { message_id: id.to_string(), value: if up { "up" } else { "down" } }))
}
