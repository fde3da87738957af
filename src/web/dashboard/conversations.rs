//! The inbox: the conversations of all agents, narrowed by what the team looks for. What waits for a person comes first.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded::Serializer;

use crate::domain::agent::Agent;
use crate::domain::conversation::{Author, Conversation, ConversationSummary, LastWords};
use crate::domain::id::AgentId;
use crate::domain::inbox::{InboxFilter, InboxPart, InboxPlace, InboxState};
use crate::domain::input::text_of_form;
use crate::domain::operator::LeftBy;
use crate::domain::page::WORDS;
use crate::web::App;
use crate::web::dashboard::Page as HtmlPage;
use crate::web::dashboard::display::{PageUrl, When, beginning, count};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, ROWS, Section};
use crate::web::dashboard::session::SignedIn;

#[derive(Template)]
#[template(path = "conversations.html")]
pub struct ConversationsPage {
    pub nav: Nav,
    /// What the filter offers.
    pub agents: Vec<AgentOption>,
    pub filter: FilterForm,
    pub conversations: Vec<ConversationRow>,
    /// The addresses of the first page, if this is another one, and of the next.
    pub newest: Option<String>,
    pub older: Option<String>,
}

/// The filter as its form shows it.
pub struct FilterForm {
    pub state: &'static str,
    pub with_lead: bool,
    pub unanswered: bool,
    pub disliked: bool,
    pub trials: Option<bool>,
    pub words: String,
    pub is_set: bool,
    /// How many filters are set beside the words.
    pub count: usize,
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
    /// Who of the team answers.
    pub operator: Option<String>,
    /// The visitor waits for that person.
    pub waits: bool,
    /// Nobody of the team has seen what the visitor wrote last.
    pub unread: bool,
    /// The team tried the agent itself.
    pub trial: bool,
    /// That it went back to the agent by itself; empty where it did not.
    pub left: String,
    /// What was said last, and by whom.
    pub last: String,
    pub last_at: When,
    pub started: When,
}

const OPENING_CHARS: usize = 120;
const LAST_CHARS: usize = 140;

pub async fn list(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let account = member.0.account.id.clone();
    let agents = app.store.agents(account.clone()).await?;
    let filter = filter_of(&query, &agents);
    let after = query.get("after").and_then(|text| InboxPlace::parse(text));
    // One more than is shown says whether there is a next page.
    let mut found = app.store.inbox(account, filter.clone(), after.clone(), ROWS + 1).await?;
    let more = ROWS < i64::try_from(found.len()).unwrap_or(i64::MAX);
    found.truncate(usize::try_from(ROWS).unwrap_or_default());
    let last = found.last().map(|row| place_of(&row.conversation));
    let rows = found.into_iter().filter_map(|summary| {
        let agent = agents.iter().find(|agent| agent.id == summary.conversation.agent)?;
        Some(ConversationRow::new(summary, agent))
    });
    let mut nav = member.nav(Section::Conversations);
    nav.flash = (query.get("done").is_some_and(|done| done == "visitor-deleted")).then(|| "Visitor deleted.".to_owned());
    Ok(HtmlPage(ConversationsPage {
        nav,
        conversations: rows.collect(),
        newest: after.is_some().then(|| address(&filter, None)),
        older: last.filter(|_| more).map(|last| address(&filter, Some(&last))),
        agents: AgentOption::all(&agents, filter.agent.as_ref()),
        filter: FilterForm::new(filter),
    })
    .into_response())
}

fn place_of(conversation: &Conversation) -> InboxPlace {
    let id = conversation.id.clone();
    match conversation.waiting_since {
        Some(at) => InboxPlace { part: InboxPart::Waiting, at, id },
        None => InboxPlace { part: InboxPart::Recent, at: conversation.last_activity_at, id },
    }
}

/// What cannot be understood narrows nothing.
fn filter_of(query: &HashMap<String, String>, agents: &[Agent]) -> InboxFilter {
    let is_on = |name: &str| query.get(name).is_some_and(|value| !value.is_empty());
    let agent = query.get("agent").and_then(|id| agents.iter().find(|agent| agent.id.as_str() == id));
    InboxFilter {
        agent: agent.map(|agent| agent.id.clone()),
        state: query.get("status").and_then(|name| InboxState::ALL.into_iter().find(|state| state.as_str() == name)),
        with_lead: is_on("lead"),
        unanswered: is_on("unanswered"),
        disliked: is_on("disliked"),
        trials: query.get("trials").and_then(|which| match which.as_str() {
            "only" => Some(true),
            "none" => Some(false),
            _ => None,
        }),
        words: words_of(query),
    }
}

pub fn words_of(query: &HashMap<String, String>) -> Option<String> {
    query.get("q").and_then(|text| text_of_form(text, &WORDS).ok()).filter(|words| !words.trim().is_empty())
}

fn address(filter: &InboxFilter, after: Option<&InboxPlace>) -> String {
    let mut pairs = Serializer::new(String::new());
    let mut put = |name: &str, value: Option<&str>| {
        value.map(|value| pairs.append_pair(name, value));
    };
    put("agent", filter.agent.as_ref().map(|agent| agent.as_str()));
    put("status", filter.state.map(InboxState::as_str));
    put("lead", filter.with_lead.then_some("1"));
    put("unanswered", filter.unanswered.then_some("1"));
    put("disliked", filter.disliked.then_some("1"));
    put("trials", filter.trials.map(|only| if only { "only" } else { "none" }));
    put("q", filter.words.as_deref());
    put("after", after.map(InboxPlace::text).as_deref());
    match pairs.finish() {
        query if query.is_empty() => "/conversations".to_owned(),
        query => format!("/conversations?{query}"),
    }
}

impl FilterForm {
    fn new(filter: InboxFilter) -> Self {
        let checks = [filter.with_lead, filter.unanswered, filter.disliked];
        let choices = [filter.agent.is_some(), filter.state.is_some(), filter.trials.is_some()];
        Self {
            count: checks.into_iter().chain(choices).filter(|is_set| *is_set).count(),
            is_set: filter != InboxFilter::default(),
            state: filter.state.map_or("", InboxState::as_str),
            with_lead: filter.with_lead,
            unanswered: filter.unanswered,
            disliked: filter.disliked,
            trials: filter.trials,
            words: filter.words.unwrap_or_default(),
        }
    }
}

impl AgentOption {
    pub fn all(agents: &[Agent], chosen: Option<&AgentId>) -> Vec<Self> {
        let option =
            |agent: &Agent| Self { id: agent.id.to_string(), name: agent.name.clone(), selected: chosen == Some(&agent.id) };
        agents.iter().map(option).collect()
    }
}

fn last_words(last: LastWords, agent: &Agent) -> String {
    let content = beginning(&last.content, LAST_CHARS);
    match last.author {
        Author::Visitor => content,
        Author::Agent => format!("{}: {content}", agent.name),
        Author::Operator => format!("{}: {content}", last.operator.unwrap_or_else(|| "Team".to_owned())),
    }
}

pub fn left_in_words(left: &LeftBy) -> String {
    let unit = if left.minutes == 1 { "minute" } else { "minutes" };
    format!("Handed back after {} {unit} without a reply", left.minutes)
}

impl ConversationRow {
    pub fn new(summary: ConversationSummary, agent: &Agent) -> Self {
        let conversation = summary.conversation;
        let last = summary.last.map(|last| last_words(last, agent)).unwrap_or_default();
        Self {
            id: conversation.id.to_string(),
            agent_name: agent.name.clone(),
            agent_color: agent.color.clone(),
            opening: beginning(&summary.opening, OPENING_CHARS),
            messages: count(conversation.messages_count),
            active: conversation.ended_at.is_none(),
            lead: conversation.lead.is_some(),
            operator: conversation.claimed.as_ref().map(|claimed| claimed.name.clone()),
            waits: conversation.waiting_since.is_some(),
            unread: conversation.is_unread && !conversation.trial,
            trial: conversation.trial,
            left: conversation.left_by.as_ref().map(left_in_words).unwrap_or_default(),
            last,
            last_at: When::new(conversation.last_activity_at),
            started: When::new(conversation.started_at),
            page: PageUrl(conversation.page_url.unwrap_or_default()),
        }
    }
}
