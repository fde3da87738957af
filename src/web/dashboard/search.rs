//! One search for everything: pages by their name, agents, leads and conversations by what is known of them.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};

use crate::domain::agent::Agent;
use crate::domain::conversation::ConversationSummary;
use crate::domain::id::{AccountId, ConversationId, Identifier, LeadId};
use crate::domain::inbox::InboxFilter;
use crate::domain::lead::Lead;
use crate::domain::page::{Filter, Page};
use crate::storage::{self, Error};
use crate::web::App;
use crate::web::dashboard::Page as HtmlPage;
use crate::web::dashboard::conversations::words_of;
use crate::web::dashboard::display::beginning;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::session::SignedIn;

/// Shown of each kind; the rest is a click away.
const HITS_MAX: usize = 5;
const TITLE_CHARS: usize = 100;

/// Every page that belongs to no single thing, with the words it is looked for by.
pub const PAGES: &[Place] = &[
    Place { title: "Home", href: "/", also: "overview start numbers" },
    Place { title: "Agents", href: "/agents", also: "widgets bots" },
    Place { title: "New agent", href: "/agents#new-agent", also: "create add" },
    Place { title: "Import an agent", href: "/agents/import", also: "file upload json" },
    Place { title: "Conversations", href: "/conversations", also: "inbox chats messages" },
    Place { title: "Leads", href: "/leads", also: "contacts people" },
    Place { title: "Canned replies", href: "/settings/replies", also: "templates snippets" },
    Place { title: "Webhooks", href: "/webhooks", also: "endpoints deliveries" },
    Place { title: "Events", href: "/events", also: "payloads" },
    Place { title: "API keys", href: "/settings/keys", also: "tokens secrets" },
    Place { title: "API activity", href: "/settings/activity", also: "requests log" },
    Place { title: "Retention", href: "/settings/retention", also: "delete privacy days keep" },
    Place { title: "API documentation", href: "/docs", also: "reference curl" },
    Place { title: "Team", href: "/settings/team", also: "people roles invite members" },
    Place { title: "Audit log", href: "/settings/audit", also: "history who did what" },
    Place { title: "Security", href: "/settings/security", also: "password two-step totp sessions e-mail" },
    Place { title: "Settings", href: "/settings", also: "profile plan payments backups" },
];

/// Where one can go.
pub struct Place {
    pub title: &'static str,
    /// What comes after a `#` is a form on its page.
    pub href: &'static str,
    pub also: &'static str,
}

#[derive(Template)]
#[template(path = "search.html")]
pub struct SearchPage {
    pub nav: Nav,
    pub words: String,
    pub groups: Vec<Group>,
}

/// Hits of one kind.
pub struct Group {
    pub title: &'static str,
    pub hits: Vec<Hit>,
    /// The list with all of them, where there may be more.
    pub all: Option<String>,
}

pub struct Hit {
    pub href: String,
    pub title: String,
    pub about: String,
}

pub async fn show(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let account = member.0.account.id.clone();
    let words = words_of(&query).unwrap_or_default();
    let nav = member.nav(Section::Search);
    let mut groups = vec![pages(&words, &nav)];
    if !words.is_empty() {
        let list = app.store.agents(account.clone()).await?;
        groups.push(agents(&words, &list));
        groups.push(leads(&app, &account, &words, &list).await?);
        groups.push(conversations(&app, &account, &words, &list).await?);
    }
    groups.retain(|group| !group.hits.is_empty());
    Ok(HtmlPage(SearchPage { nav, words, groups }).into_response())
}

fn pages(words: &str, nav: &Nav) -> Group {
    let wanted = words.to_lowercase();
    let fits = |place: &&Place| place.title.to_lowercase().contains(&wanted) || place.also.contains(&wanted);
    let hit = |place: &Place| Hit { href: place.href.into(), title: place.title.into(), about: String::new() };
    Group { title: "Pages", hits: nav.places().filter(fits).map(hit).collect(), all: None }
}

fn agents(words: &str, agents: &[Agent]) -> Group {
    let wanted = words.to_lowercase();
    let fits = |agent: &&Agent| agent.name.to_lowercase().contains(&wanted) || agent.id.as_str() == wanted;
    let hit = |agent: &Agent| Hit {
        href: format!("/agents/{}", agent.id),
        title: agent.name.clone(),
        about: if agent.is_active() { String::new() } else { "Deactivated".into() },
    };
    Group::of("Agents", agents.iter().filter(fits).take(HITS_MAX + 1).map(hit).collect(), || list("/agents", words))
}

async fn leads(app: &App, account: &AccountId, words: &str, agents: &[Agent]) -> Result<Group> {
    let found = match LeadId::parse(words) {
        Some(id) => Vec::from_iter(found(app.store.lead(account.clone(), id).await)?),
        None => {
            let filter = Filter { words: Some(words.to_owned()), ..Filter::default() };
            let page = Page { filter, ..Page::first(limit()) };
            app.store.team_leads(account.clone(), None, page).await?
        }
    };
    let hit = |lead: Lead| {
        let details = lead.details;
        let known = [details.name, details.email, details.phone, details.company];
        let mut known = known.into_iter().flatten();
        let title = known.next().unwrap_or_else(|| "No name".into());
        let about = known.next().unwrap_or_else(|| named(agents, lead.agent.as_str()));
        Hit { href: format!("/leads/{}", lead.id), title, about }
    };
    Ok(Group::of("Leads", found.into_iter().map(hit).collect(), || list("/leads", words)))
}

async fn conversations(app: &App, account: &AccountId, words: &str, agents: &[Agent]) -> Result<Group> {
    let hit = |summary: ConversationSummary| {
        let conversation = summary.conversation;
        let title = beginning(&summary.opening, TITLE_CHARS);
        Hit { href: format!("/conversations/{}", conversation.id), title, about: named(agents, conversation.agent.as_str()) }
    };
    let hits = match ConversationId::parse(words) {
        Some(id) => found(app.store.conversation(account.clone(), id).await)?
            .map(|conversation| Hit {
                href: format!("/conversations/{}", conversation.id),
                title: conversation.id.to_string(),
                about: named(agents, conversation.agent.as_str()),
            })
            .into_iter()
            .collect(),
        None => {
            let filter = InboxFilter { words: Some(words.to_owned()), ..InboxFilter::default() };
            app.store.inbox(account.clone(), filter, None, limit()).await?.into_iter().map(hit).collect()
        }
    };
    Ok(Group::of("Conversations", hits, || list("/conversations", words)))
}

/// One more than is shown says whether there are more.
fn limit() -> i64 {
    i64::try_from(HITS_MAX).unwrap_or_default() + 1
}

fn named(agents: &[Agent], id: &str) -> String {
    agents.iter().find(|agent| agent.id.as_str() == id).map(|agent| agent.name.clone()).unwrap_or_default()
}

fn list(path: &str, words: &str) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", words).finish();
    format!("{path}?{query}")
}

/// What is not there is no hit; what fails is a failure.
fn found<T>(result: storage::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(row) => Ok(Some(row)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Group {
    fn of(title: &'static str, mut hits: Vec<Hit>, all: impl FnOnce() -> String) -> Self {
        let more = HITS_MAX < hits.len();
        hits.truncate(HITS_MAX);
        Self { title, hits, all: more.then(all) }
    }
}
