//! The audit log: who did what, newest first, and as a file.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded::Serializer;

use crate::domain::audit::{AuditFilter, Recorded, SUBJECTS, label};
use crate::domain::page::Page;
use crate::web::App;
use crate::web::csv;
use crate::web::dashboard::Page as HtmlPage;
use crate::web::dashboard::display::{When, browser};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, ROWS, Section};
use crate::web::dashboard::session::SignedIn;

const ACTOR_CHARS_MAX: usize = 40;

#[derive(Template)]
#[template(path = "audit.html")]
pub struct AuditPage {
    pub nav: Nav,
    pub entries: Vec<EntryRow>,
    pub actors: Vec<ActorOption>,
    pub subject: &'static str,
    pub subjects: &'static [(&'static str, &'static str)],
    pub is_filtered: bool,
    /// The same entries as a file.
    pub export: String,
    pub newest: Option<String>,
    pub older: Option<String>,
}

pub struct EntryRow {
    pub who: String,
    /// Names can be changed, and taken from somebody else.
    pub who_id: String,
    pub action: String,
    /// As the file calls it.
    pub name: String,
    pub targets: Vec<Target>,
    pub detail: String,
    pub times: i64,
    pub address: String,
    pub browser: String,
    pub request_id: String,
    pub when: When,
}

/// What it was done to, with its page where it has one.
pub struct Target {
    pub id: String,
    pub href: Option<String>,
}

pub struct ActorOption {
    pub id: String,
    pub name: String,
    pub selected: bool,
}

pub async fn list(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let account = member.0.account.id.clone();
    let filter = filter_of(&query);
    let before = query.get("after").and_then(|text| text.parse::<i64>().ok());
    // One more than is shown says whether there is a next page.
    let mut found = app.store.audit(account.clone(), filter.clone(), before, ROWS + 1).await?;
    let more = ROWS < i64::try_from(found.len()).unwrap_or(i64::MAX);
    found.truncate(usize::try_from(ROWS).unwrap_or_default());
    let last = found.last().map(|entry| entry.id);
    let actors = app.store.audit_actors(account).await?;
    let chosen = filter.actor.as_deref();
    Ok(HtmlPage(AuditPage {
        nav: member.nav(Section::Settings),
        entries: found.into_iter().map(EntryRow::new).collect(),
        actors: actors.into_iter().map(|(id, name)| ActorOption { selected: chosen == Some(&*id), id, name }).collect(),
        subject: filter.subject.unwrap_or_default(),
        subjects: SUBJECTS,
        is_filtered: filter != AuditFilter::default(),
        export: address("/settings/audit/export", &filter, None),
        newest: before.is_some().then(|| address("/settings/audit", &filter, None)),
        older: last.filter(|_| more).map(|last| address("/settings/audit", &filter, Some(last))),
    })
    .into_response())
}

/// Every entry that the list would show on any of its pages, as CSV.
pub async fn export(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let rows = csv::Rows::audit(app, member.0.account.id, filter_of(&query), Page::first(ROWS));
    Ok(csv::download(rows).await?)
}

/// What cannot be understood narrows nothing.
fn filter_of(query: &HashMap<String, String>) -> AuditFilter {
    let actor = query.get("actor").filter(|text| (1..=ACTOR_CHARS_MAX).contains(&text.len())).cloned();
    let named = query.get("about").map(String::as_str);
    AuditFilter { actor, subject: SUBJECTS.iter().map(|(subject, _)| *subject).find(|subject| named == Some(subject)) }
}

fn address(path: &str, filter: &AuditFilter, after: Option<i64>) -> String {
    let mut pairs = Serializer::new(String::new());
    let after = after.map(|id| id.to_string());
    for (name, value) in [("actor", filter.actor.as_deref()), ("about", filter.subject), ("after", after.as_deref())] {
        value.map(|value| pairs.append_pair(name, value));
    }
    match pairs.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

impl EntryRow {
    fn new(entry: Recorded) -> Self {
        Self {
            who_id: entry.actor,
            who: entry.actor_name,
            action: label(&entry.action),
            targets: entry.target.split_whitespace().map(Target::new).collect(),
            name: entry.action,
            detail: entry.detail,
            times: entry.times,
            address: entry.origin.address,
            browser: if entry.origin.user_agent.is_empty() { String::new() } else { browser(&entry.origin.user_agent) },
            request_id: entry.origin.request_id,
            when: When::new(entry.at),
        }
    }
}

impl Target {
    fn new(id: &str) -> Self {
        let page = match id.split_once('_').map(|(prefix, _)| prefix) {
            Some("agt") => Some("agents"),
            Some("conv") => Some("conversations"),
            Some("lead") => Some("leads"),
            Some("wh") => Some("webhooks"),
            _ => None,
        };
        Self { id: id.to_owned(), href: page.map(|page| format!("/{page}/{id}")) }
    }
}
