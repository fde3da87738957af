//! Everything that happened in the account, with the payloads that webhooks receive.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};

use crate::domain::delivery::WrittenEvent;
use crate::domain::id::EventId;
use crate::domain::page;
use crate::domain::webhook::EventType;
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::delivery::spread;
use crate::web::dashboard::display::When;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, Neighbours, ROWS, Section, last_of_more};
use crate::web::dashboard::session::SignedIn;

#[derive(Template)]
#[template(path = "events.html")]
pub struct EventsPage {
    pub nav: Nav,
    pub kinds: Vec<KindChoice>,
    pub events: Vec<EventRow>,
    pub newest: Option<String>,
    pub older: Option<String>,
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
    let after = query.get("after").filter(|id| EventId::is_one(id)).cloned();
    let rows = page::Page { after: after.clone(), counted: false, ..page::Page::first(ROWS + 1) };
    let mut found = app.store.events(member.0.account.id.clone(), kind, rows).await?.rows;
    let last = last_of_more(&mut found).map(|event| event.id.to_string());
    let filter = [("type", kind.map(EventType::as_str).unwrap_or_default())];
    let Neighbours { newest, older } = Neighbours::new("/events", &filter, after.as_deref(), last.as_deref());
    let choice = |one: EventType| KindChoice { value: one.as_str(), chosen: kind == Some(one) };
    Ok(Page(EventsPage {
        nav: member.nav(Section::Events),
        kinds: EventType::ALL.map(choice).into(),
        events: found.into_iter().map(EventRow::new).collect(),
        newest,
        older,
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
