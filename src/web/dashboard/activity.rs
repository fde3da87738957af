//! The log of API requests, newest first, narrowed by what somebody looks for.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};

use crate::domain::account::ApiKey;
use crate::domain::activity::{Behind, METHODS, Outcome, RequestFilter, day_of};
use crate::domain::input::text_of_form;
use crate::domain::page::WORDS;
use crate::storage::LoggedRequest;
use crate::web::App;
use crate::web::dashboard::Page as HtmlPage;
use crate::web::dashboard::display::When;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, Neighbours, ROWS, Section};
use crate::web::dashboard::session::SignedIn;

#[derive(Template)]
#[template(path = "activity.html")]
pub struct ActivityPage {
    pub nav: Nav,
    pub keys: Vec<Choice>,
    pub methods: Vec<Choice>,
    pub outcomes: Vec<Choice>,
    pub path: String,
    pub from: String,
    pub to: String,
    pub is_filtered: bool,
    pub requests: Vec<RequestRow>,
    /// So many rows were looked through that this page ends before the list does.
    pub looked_far: bool,
    pub newest: Option<String>,
    pub older: Option<String>,
}

/// What a field of the filter offers.
pub struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// One request.
pub struct RequestRow {
    pub method: String,
    pub path: String,
    pub status: u16,
    pub duration_ms: i64,
    pub key_name: String,
    pub address: String,
    pub request_id: String,
    pub when: When,
}

pub async fn list(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let account = member.0.account.id.clone();
    let keys = app.store.keys(account.clone()).await?;
    let filter = filter_of(&query, &keys);
    let after = query.get("after").and_then(|text| Behind::parse(text));
    let limit = usize::try_from(ROWS).unwrap_or_default();
    let found = app.store.requests(account, filter.clone(), after, limit).await?;
    let (from, to) = (day_text(&filter, &query, "from"), day_text(&filter, &query, "to"));
    let (after, next) = (after.map(Behind::text), found.next.map(Behind::text));
    let pairs = [
        ("key", filter.key.as_ref().map_or("", |key| key.as_str())),
        ("method", filter.method.unwrap_or_default()),
        ("status", filter.outcome.map_or("", Outcome::as_str)),
        ("path", filter.path.as_deref().unwrap_or_default()),
        ("from", from.as_str()),
        ("to", to.as_str()),
    ];
    let Neighbours { newest, older } = Neighbours::new("/settings/activity", &pairs, after.as_deref(), next.as_deref());
    let choice = |value: &str, label: &str, chosen| Choice { value: value.to_owned(), label: label.to_owned(), chosen };
    let outcome = |one: Outcome| choice(one.as_str(), label_of(one), filter.outcome == Some(one));
    Ok(HtmlPage(ActivityPage {
        nav: member.nav(Section::Activity),
        keys: keys.iter().map(|key| choice(key.id.as_str(), &key.name, filter.key.as_ref() == Some(&key.id))).collect(),
        methods: METHODS.iter().map(|method| choice(method, method, filter.method == Some(method))).collect(),
        outcomes: Outcome::ALL.map(outcome).into(),
        is_filtered: filter != RequestFilter::default(),
        looked_far: older.is_some() && found.rows.len() < limit,
        requests: found.rows.into_iter().map(RequestRow::new).collect(),
        path: filter.path.unwrap_or_default(),
        from,
        to,
        newest,
        older,
    })
    .into_response())
}

/// What cannot be understood narrows nothing.
fn filter_of(query: &HashMap<String, String>, keys: &[ApiKey]) -> RequestFilter {
    let named = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let path = text_of_form(named("path").trim(), &WORDS).ok();
    RequestFilter {
        key: keys.iter().find(|key| key.id.as_str() == named("key")).map(|key| key.id.clone()),
        method: METHODS.iter().copied().find(|method| *method == named("method")),
        outcome: Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == named("status")),
        path,
        from: day_of(named("from")),
        to: day_of(named("to")),
    }
}

/// A day as it was typed, if it was one.
fn day_text(filter: &RequestFilter, query: &HashMap<String, String>, name: &str) -> String {
    let day = if name == "from" { filter.from } else { filter.to };
    day.and(query.get(name)).cloned().unwrap_or_default()
}

const fn label_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "Answered (2xx, 3xx)",
        Outcome::Refused => "Refused (4xx)",
        Outcome::Failed => "Failed (5xx)",
    }
}

impl RequestRow {
    fn new(logged: LoggedRequest) -> Self {
        let request = logged.request;
        Self {
            method: request.method,
            path: request.path,
            status: request.status,
            duration_ms: request.duration_ms,
            key_name: logged.key_name,
            address: request.address,
            request_id: request.request_id,
            when: When::new(request.at),
        }
    }
}
