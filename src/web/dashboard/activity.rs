//! The log of API requests, newest first.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};

use crate::domain::page::Page;
use crate::storage::LoggedRequest;
use crate::web::App;
use crate::web::dashboard::Page as HtmlPage;
use crate::web::dashboard::display::{When, count};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, Pager, ROWS, Section, offset_of};
use crate::web::dashboard::session::SignedIn;

#[derive(Template)]
#[template(path = "activity.html")]
pub struct ActivityPage {
    pub nav: Nav,
    pub requests: Vec<RequestRow>,
    pub pager: Pager,
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
    let offset = offset_of(&query);
    let page = Page { offset, ..Page::first(ROWS) };
    let listed = app.store.requests(member.0.account.id.clone(), page).await?;
    let pager = Pager::new("/settings/activity", "", count(ROWS), count(offset), count(listed.total));
    let requests = listed.rows.into_iter().map(RequestRow::new).collect();
    Ok(HtmlPage(ActivityPage { nav: member.nav(Section::Activity), requests, pager }).into_response())
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
