//! The visitors who left their contact details, newest first.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};

use crate::domain::agent::Agent;
use crate::domain::lead::Lead;
use crate::domain::page::Page;
use crate::web::App;
use crate::web::dashboard::Page as HtmlPage;
use crate::web::dashboard::display::{PageUrl, When, count};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, Pager, ROWS, Section, offset_of};
use crate::web::dashboard::session::SignedIn;

#[derive(Template)]
#[template(path = "leads.html")]
pub struct LeadsPage {
    pub nav: Nav,
    pub leads: Vec<LeadRow>,
    pub pager: Pager,
}

/// One lead; empty texts are not shown.
pub struct LeadRow {
    pub name: String,
    pub email: String,
    pub phone: String,
    pub company: String,
    pub message: String,
    pub agent_name: String,
    pub agent_color: String,
    /// None when the lead came after the month's last counted conversation.
    pub conversation_id: Option<String>,
    pub page: PageUrl,
    pub captured: When,
}

pub async fn list(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let account = member.0.account.id.clone();
    let offset = offset_of(&query);
    let listed = app.store.account_leads(account.clone(), Page { offset, ..Page::first(ROWS) }).await?;
    let agents = app.store.agents(account).await?;
    let pager = Pager::new("/leads", "", count(ROWS), count(offset), count(listed.total));
    let rows = listed.rows.into_iter().filter_map(|lead| {
        let agent = agents.iter().find(|agent| agent.id == lead.agent)?;
        Some(LeadRow::new(lead, agent))
    });
    Ok(HtmlPage(LeadsPage { nav: member.nav(Section::Leads), leads: rows.collect(), pager }).into_response())
}

impl LeadRow {
    fn new(lead: Lead, agent: &Agent) -> Self {
        let details = lead.details;
        Self {
            name: details.name.unwrap_or_default(),
            email: details.email.unwrap_or_default(),
            phone: details.phone.unwrap_or_default(),
            company: details.company.unwrap_or_default(),
            message: details.message.unwrap_or_default(),
            agent_name: agent.name.clone(),
            agent_color: agent.color.clone(),
            conversation_id: lead.conversation.map(|id| id.to_string()),
            page: PageUrl(lead.page_url.unwrap_or_default()),
            captured: When::new(lead.captured_at),
        }
    }
}
