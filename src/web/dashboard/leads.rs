//! The visitors who left their contact details, newest first.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded::Serializer;

use crate::domain::agent::Agent;
use crate::domain::id::{AgentId, Identifier, LeadId};
use crate::domain::lead::{LEAD_STATUSES, Lead};
use crate::domain::page::{Filter, Page};
use crate::web::App;
use crate::web::csv;
use crate::web::dashboard::Page as HtmlPage;
use crate::web::dashboard::conversations::{AgentOption, words_of};
use crate::web::dashboard::display::{PageUrl, When};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, ROWS, Section};
use crate::web::dashboard::session::SignedIn;

#[derive(Template)]
#[template(path = "leads.html")]
pub struct LeadsPage {
    pub nav: Nav,
    pub agents: Vec<AgentOption>,
    pub status: &'static str,
    pub statuses: &'static [&'static str],
    pub words: String,
    pub leads: Vec<LeadRow>,
    pub is_filtered: bool,
    /// The same leads as a file.
    pub export: String,
    pub newest: Option<String>,
    pub older: Option<String>,
}

/// One lead; empty texts are not shown.
pub struct LeadRow {
    pub id: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub company: String,
    pub message: String,
    pub status: String,
    pub agent_name: String,
    pub agent_color: String,
    pub page: PageUrl,
    pub captured: When,
}

/// What the list is narrowed by; what cannot be understood narrows nothing.
struct Wanted {
    agent: Option<AgentId>,
    page: Page,
}

pub async fn list(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let account = member.0.account.id.clone();
    let agents = app.store.agents(account.clone()).await?;
    let wanted = Wanted::new(&query, &agents);
    // One more than is shown says whether there is a next page.
    let page = Page { limit: ROWS + 1, ..wanted.page.clone() };
    let mut found = app.store.team_leads(account, wanted.agent.clone(), page).await?;
    let more = ROWS < i64::try_from(found.len()).unwrap_or(i64::MAX);
    found.truncate(usize::try_from(ROWS).unwrap_or_default());
    let last = found.last().map(|lead| lead.id.to_string());
    let rows = found.into_iter().filter_map(|lead| {
        let agent = agents.iter().find(|agent| agent.id == lead.agent)?;
        Some(LeadRow::new(lead, agent))
    });
    Ok(HtmlPage(LeadsPage {
        nav: member.nav(Section::Leads),
        leads: rows.collect(),
        is_filtered: wanted.agent.is_some() || wanted.page.filter != Filter::default(),
        export: wanted.address("/leads/export", None),
        newest: wanted.page.after.is_some().then(|| wanted.address("/leads", None)),
        older: last.filter(|_| more).map(|last| wanted.address("/leads", Some(&last))),
        agents: AgentOption::all(&agents, wanted.agent.as_ref()),
        status: wanted.page.filter.status.unwrap_or_default(),
        statuses: LEAD_STATUSES,
        words: wanted.page.filter.words.unwrap_or_default(),
    })
    .into_response())
}

/// Every lead that the list would show on any of its pages, as CSV.
pub async fn export(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let account = member.0.account.id;
    let wanted = Wanted::new(&query, &app.store.agents(account.clone()).await?);
    Ok(csv::download(csv::Rows::team_leads(app, account, wanted.agent, wanted.page)).await?)
}

impl Wanted {
    fn new(query: &HashMap<String, String>, agents: &[Agent]) -> Self {
        let agent = query.get("agent").and_then(|id| agents.iter().find(|agent| agent.id.as_str() == id));
        let status = query.get("status").and_then(|name| LEAD_STATUSES.iter().copied().find(|status| status == name));
        let after = query.get("after").and_then(|id| LeadId::parse(id)).map(|id| id.to_string());
        let filter = Filter { status, words: words_of(query) };
        Self { agent: agent.map(|agent| agent.id.clone()), page: Page { after, filter, ..Page::first(ROWS) } }
    }

    fn address(&self, path: &str, after: Option<&str>) -> String {
        let mut pairs = Serializer::new(String::new());
        let filter = &self.page.filter;
        let agent = self.agent.as_ref().map(AgentId::as_str);
        for (name, value) in [("agent", agent), ("status", filter.status), ("q", filter.words.as_deref()), ("after", after)] {
            value.map(|value| pairs.append_pair(name, value));
        }
        match pairs.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }
}

impl LeadRow {
    fn new(lead: Lead, agent: &Agent) -> Self {
        let details = lead.details;
        Self {
            id: lead.id.to_string(),
            name: details.name.unwrap_or_default(),
            email: details.email.unwrap_or_default(),
            phone: details.phone.unwrap_or_default(),
            company: details.company.unwrap_or_default(),
            message: details.message.unwrap_or_default(),
            status: lead.status,
            agent_name: agent.name.clone(),
            agent_color: agent.color.clone(),
            page: PageUrl(lead.page_url.unwrap_or_default()),
            captured: When::new(lead.captured_at),
        }
    }
}
