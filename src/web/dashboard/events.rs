//! Everything that happened in the account, with the payloads that webhooks receive.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};

use crate::domain::delivery::WrittenEvent;
use crate::domain::page;
use crate::domain::webhook::EventType;
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::delivery::spread;
use crate::web::dashboard::display::{When, count};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, Pager, ROWS, Section, offset_of};
use crate::web::dashboard::session::SignedIn;

#[derive(Template)]
#[template(path = "events.html")]
pub struct EventsPage {
    pub nav: Nav,
    pub kinds: Vec<KindChoice>,
    pub events: Vec<EventRow>,
    pub pager: Pager,
}

impl EventsPage {
    pub fn is_filtered(&self) -> bool {
        self.kinds.iter().any(|kind| kind.chosen)
    }
}

pub struct KindChoice {
    pub value: &'static str,
    pub chosen: bool,
}

pub struct EventRow {
    pub id: String,
    pub kind: String,
    pub when: When,
    pub payload: String,
}

pub async fn list(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let kind = query.get("type").and_then(|text| EventType::parse(text).ok());
    let offset = offset_of(&query);
    let rows = page::Page { offset, ..page::Page::first(ROWS) };
    let listed = app.store.events(member.0.account.id.clone(), kind, rows).await?;
    let filter = kind.map(|kind| format!("type={}", kind.as_str())).unwrap_or_default();
    let choice = |one: EventType| KindChoice { value: one.as_str(), chosen: kind == Some(one) };
    Ok(Page(EventsPage {
        nav: member.nav(Section::Events),
        kinds: EventType::ALL.map(choice).into(),
        events: listed.rows.into_iter().map(EventRow::new).collect(),
        pager: Pager::new("/events", &filter, count(ROWS), count(offset), count(listed.total)),
    })
    .into_response())
}

impl EventRow {
    fn new(event: WrittenEvent) -> Self {
        Self {
            id: event.id.to_string(),
            kind: event.kind,
            when: When::new(event.created_at),
            payload: spread(&String::from_utf8_lossy(&event.payload)),
        }
    }
}
