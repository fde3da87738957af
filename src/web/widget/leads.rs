//! The widget's form: a visitor's contact details.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::domain::lead::LeadDetails;
use crate::domain::time::HOUR_MS;
use crate::limits::Window;
use crate::web::App;
use crate::web::error::Result;
use crate::web::extract::Json;
use crate::web::live::TeamNews;
use crate::web::trial::Trial;
use crate::web::widget::limit_acts;
use crate::web::widget::session::{Session, Visit};

#[derive(Serialize)]
struct Captured {
    lead: LeadView,
}

#[derive(Serialize)]
struct LeadView {
    id: String,
    conversation_id: Option<String>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    message: Option<String>,
    captured_at: String,
}

pub async fn create(State(app): State<App>, visit: Visit) -> Result<Response> {
    let details = LeadDetails::parse(&visit.body)?;
    limit_acts(&app, &visit.session.visitor, visit.address)?;
    take_place(&app, &visit, &details).await?;
    let Session { visitor, page_url, trial, .. } = visit.session;
    let lead = app.store.capture_lead(visit.agent, visitor, page_url, trial.is_some(), details).await?;
    if let Some(conversation) = &lead.conversation {
        app.live.tell_team(&lead.account, TeamNews::Changed(conversation.clone()));
    }
    let lead = LeadView {
        id: lead.id.to_string(),
        conversation_id: lead.conversation.map(|id| id.to_string()),
        name: lead.details.name,
        email: lead.details.email,
        phone: lead.details.phone,
        company: lead.details.company,
        message: lead.details.message,
        captured_at: lead.captured_at.to_string(),
    };
    Ok((StatusCode::CREATED, Json(Captured { lead })).into_response())
}

/// The one place where leads are counted, whichever way the details come. What the visitor's lead tells already takes none.
pub async fn take_place(app: &App, visit: &Visit, details: &LeadDetails) -> Result<()> {
    if visit.session.trial == Some(Trial::Preview) {
        return Ok(());
    }
    let (agent, visitor) = (visit.agent.clone(), visit.session.visitor.clone());
    if app.store.knows_lead(agent, visitor, details.clone()).await? {
        return Ok(());
    }
    let most = app.config.widget.leads_per_address_hour;
    app.limit_from("lead", visit.address, &[Window { limit: most, span_ms: HOUR_MS }])
}
