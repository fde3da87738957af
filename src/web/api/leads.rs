//! An agent's leads.

use axum::extract::State;
use serde::Serialize;

use crate::domain::account::Permission;
use crate::domain::lead::Lead;
use crate::web::App;
use crate::web::caller::{ApiCaller, OwnedAgent};
use crate::web::error::Result;
use crate::web::extract::{Json, Paged};

#[derive(Serialize)]
pub struct LeadList {
    leads: Vec<LeadView>,
    total: i64,
    limit: i64,
    offset: i64,
}

#[derive(Serialize)]
struct LeadView {
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
}

pub async fn list(
    caller: ApiCaller,
    OwnedAgent(agent): OwnedAgent,
    Paged(page): Paged,
    State(app): State<App>,
) -> Result<Json<LeadList>> {
    caller.require(Permission::LeadsRead)?;
    let listed = app.store.leads(agent.account, agent.id, page).await?;
    let leads = listed.rows.into_iter().map(LeadView::new).collect();
    Ok(Json(LeadList { leads, total: listed.total, limit: page.limit, offset: page.offset }))
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
        }
    }
}
