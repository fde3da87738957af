//! The conversations of all agents, newest first.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};

use crate::domain::agent::Agent;
use crate::domain::conversation::ConversationSummary;
use crate::domain::page::Page;
use crate::web::App;
use crate::web::dashboard::Page as HtmlPage;
use crate::web::dashboard::display::{Duration, PageUrl, When, beginning, count};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, Pager, ROWS, Section, offset_of};
use crate::web::dashboard::session::SignedIn;

#[derive(Template)]
#[template(path = "conversations.html")]
pub struct ConversationsPage {
    pub nav: Nav,
    /// What the filter offers.
    pub agents: Vec<AgentOption>,
    pub conversations: Vec<ConversationRow>,
    pub pager: Pager,
}

impl ConversationsPage {
    pub fn is_filtered(&self) -> bool {
        self.agents.iter().any(|agent| agent.selected)
    }
}

pub struct AgentOption {
    pub id: String,
    pub name: String,
    pub selected: bool,
}

/// One conversation in a list.
pub struct ConversationRow {
    pub id: String,
    pub agent_name: String,
    pub agent_color: String,
    /// The beginning of the visitor's first message.
    pub opening: String,
    pub page: PageUrl,
    pub messages: u64,
    pub active: bool,
    pub lead: bool,
    pub started: When,
    pub duration: Duration,
}

const OPENING_CHARS: usize = 120;

pub async fn list(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let account = member.0.account.id.clone();
    let agents = app.store.agents(account.clone()).await?;
    let chosen = query.get("agent").and_then(|id| agents.iter().find(|agent| agent.id.as_str() == id));
    let offset = offset_of(&query);
    let page = Page { offset, ..Page::first(ROWS) };
    let listed = app.store.conversations(account, chosen.map(|agent| agent.id.clone()), page).await?;
    let filter = chosen.map(|agent| format!("agent={}", agent.id)).unwrap_or_default();
    let pager = Pager::new("/conversations", &filter, count(ROWS), count(offset), count(listed.total));
    let rows = listed.rows.into_iter().filter_map(|summary| {
        let agent = agents.iter().find(|agent| agent.id == summary.conversation.agent)?;
        Some(ConversationRow::new(summary, agent))
    });
    let options = agents.iter().map(|agent| AgentOption {
        id: agent.id.to_string(),
        name: agent.name.clone(),
        selected: chosen.is_some_and(|chosen| chosen.id == agent.id),
    });
    Ok(HtmlPage(ConversationsPage {
        nav: member.nav(Section::Conversations),
        agents: options.collect(),
        conversations: rows.collect(),
        pager,
    })
    .into_response())
}

impl ConversationRow {
    pub fn new(summary: ConversationSummary, agent: &Agent) -> Self {
        let conversation = summary.conversation;
        Self {
            id: conversation.id.to_string(),
            agent_name: agent.name.clone(),
            agent_color: agent.color.clone(),
            opening: beginning(&summary.opening, OPENING_CHARS),
            messages: count(conversation.messages_count),
            active: conversation.ended_at.is_none(),
            lead: conversation.lead.is_some(),
            started: When::new(conversation.started_at),
            duration: Duration(count(conversation.duration_seconds())),
            page: PageUrl(conversation.page_url.unwrap_or_default()),
        }
    }
}
