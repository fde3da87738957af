//! An agent's leads.

use axum::extract::{RawPathParams, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::domain::account::Permission;
use crate::domain::lead::{LEAD_STATUSES, Lead};
use crate::web::App;
use crate::web::api::csv;
use crate::web::caller::{ApiCaller, OwnedAgent};
use crate::web::error::{ApiError, Result};
use crate::web::extract::{Json, Paged, Statuses, next_after, path_id, unknown_cursor};

#[derive(Serialize)]
pub struct LeadList {
    leads: Vec<LeadView>,
    total: i64,
    limit: i64,
    offset: i64,
    /// To be sent as `after` for the rows that follow; null at the end.
    next_after: Option<String>,
}

#[derive(Serialize)]
pub struct LeadView {
    id: String,
    agent_id: String,
    conversation_id: Option<String>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    message: Option<String>,
    page_url: Option<String>,
    captured_at: String,
    status: String,
}

pub struct LeadStatuses;

impl Statuses for LeadStatuses {
    const ALL: &'static [&'static str] = LEAD_STATUSES;
}

pub async fn list(
    caller: ApiCaller,
    OwnedAgent(agent): OwnedAgent,
    Paged(page, _): Paged<LeadStatuses>,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response> {
    caller.require(Permission::LeadsRead)?;
    if csv::is_wanted(&headers) {
        return Ok(csv::stream(csv::Rows::leads(app, agent, page)));
    }
    let (limit, offset) = (page.limit, page.offset);
    let listed = app.store.leads(agent.account, agent.id, page).await.map_err(unknown_cursor)?;
    let leads: Vec<_> = listed.rows.into_iter().map(LeadView::new).collect();
    let next_after = next_after(&leads, limit, |row| &row.id);
    Ok(Json(LeadList { next_after, leads, total: listed.total, limit, offset }).into_response())
}

pub async fn show(caller: ApiCaller, params: RawPathParams, State(app): State<App>) -> Result<Json<LeadView>> {
    caller.require(Permission::LeadsRead)?;
    let id = path_id(&params, "lead", ApiError::not_found)?;
    Ok(Json(LeadView::new(app.store.lead(caller.account_id(), id).await?)))
}

impl LeadView {
    fn new(lead: Lead) -> Self {
        let details = lead.details;
        Self {
            id: lead.id.to_string(),
            agent_id: lead.agent.to_string(),
            conversation_id: lead.conversation.map(|id| id.to_string()),
            name: details.name,
            email: details.email,
            phone: details.phone,
            company: details.company,
            message: details.message,
            page_url: lead.page_url,
            captured_at: lead.captured_at.to_string(),
            status: lead.status,
        }
    }
}
