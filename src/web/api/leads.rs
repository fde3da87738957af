//! An agent's leads.

use axum::extract::{RawPathParams, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::id::{AgentId, ConversationId, LeadId};
use crate::domain::lead::{LEAD_STATUSES, Lead};
use crate::domain::time::Time;
use crate::web::App;
use crate::web::api::schema::requests::PageQuery;
use crate::web::api::schema::values::{LeadStatus, Words};
use crate::web::caller::{ApiCaller, OwnedAgent};
use crate::web::csv;
use crate::web::error::{ApiError, Result};
use crate::web::extract::{Json, Paged, Statuses, next_after, path_id, unknown_cursor};

#[derive(Serialize, ToSchema)]
pub struct LeadList {
    leads: Vec<LeadView>,
    total: i64,
    limit: i64,
    offset: i64,
    /// Send it as `after` to get the next page. Null on the last page.
    next_after: Option<LeadId>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Lead)]
pub struct LeadView {
    id: LeadId,
    agent_id: AgentId,
    /// Null if the conversation was deleted, or not stored because the plan's limit was reached.
    conversation_id: Option<ConversationId>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    message: Option<String>,
    page_url: Option<String>,
    captured_at: Time,
    #[schema(value_type = LeadStatus)]
    status: String,
}

pub struct LeadStatuses;

impl Statuses for LeadStatuses {
    const ALL: &'static [&'static str] = LEAD_STATUSES;
    const SEARCHED: bool = true;
}

/// List an agent's leads
///
/// Returns visitors who left an e-mail address or a phone number, newest first. CSV responses contain all matching leads and
/// ignore `limit`.
#[utoipa::path(get, path = "/agents/{agent}/leads", operation_id = "listLeads", tag = "Leads",
    security(("apiKey" = ["leads:read"])),
    params(
        PageQuery,
        ("status" = Option<LeadStatus>, Query, description = "Only return leads with this status."),
        ("q" = Option<Words>, Query, description = "Only return leads that contain these words, ignoring case."),
    ),
    responses((status = 200, description = "A page of leads", content((LeadList = "application/json"), (String = "text/csv")))))]
pub async fn list(
    OwnedAgent(agent): OwnedAgent,
    Paged(page, _): Paged<LeadStatuses>,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response> {
    if csv::is_wanted(&headers) {
        return csv::answer(csv::Rows::leads(app, agent, page)).await.map_err(unknown_cursor);
    }
    let (limit, offset) = (page.limit, page.offset);
    let listed = app.store.leads(agent.account, agent.id, page).await.map_err(unknown_cursor)?;
    let leads: Vec<_> = listed.rows.into_iter().map(LeadView::new).collect();
    let next_after = next_after(&leads, limit, |row| &row.id);
    Ok(Json(LeadList { next_after, leads, total: listed.total, limit, offset }).into_response())
}

/// Get a lead
#[utoipa::path(get, path = "/leads/{lead}", operation_id = "getLead", tag = "Leads", security(("apiKey" = ["leads:read"])),
    responses((status = 200, body = LeadView, description = "The lead")))]
pub async fn show(caller: ApiCaller, params: RawPathParams, State(app): State<App>) -> Result<Json<LeadView>> {
    let id = path_id(&params, "lead", ApiError::not_found)?;
    Ok(Json(LeadView::new(app.store.lead(caller.account_id(), id).await?)))
}

impl LeadView {
    fn new(lead: Lead) -> Self {
        let details = lead.details;
        Self {
            id: lead.id,
            agent_id: lead.agent,
            conversation_id: lead.conversation,
            name: details.name,
            email: details.email,
            phone: details.phone,
            company: details.company,
            message: details.message,
            page_url: lead.page_url,
            captured_at: lead.captured_at,
            status: lead.status,
        }
    }
}
