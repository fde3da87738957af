//! For how long the account keeps what; whoever shortens it sees first what goes.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::retention::{Chosen, DAYS_MAX, Forgettable, LOG_DAYS_MIN};
use crate::storage::FORGETTABLE_MAX;
use crate::web::App;
use crate::web::audit::{NothingDone, Told, tell};
use crate::web::dashboard::Page;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::proof::ProvenForm;
use crate::web::dashboard::session::{Fields, SignedIn};

#[derive(Template)]
#[template(path = "retention.html")]
pub struct RetentionPage {
    pub nav: Nav,
    pub form: RetentionForm,
    pub defaults: Defaults,
    pub days_max: u32,
    pub log_days_min: u32,
    /// What the next run deletes by what is saved; empty where it deletes nothing.
    pub due: Vec<Due>,
    /// What it would delete by what was sent and is not saved yet.
    pub asked: Option<Vec<Due>>,
}

/// The values of `POST /settings/retention`; an empty one takes the default.
pub struct RetentionForm {
    pub conversations_days: String,
    pub events_days: String,
    pub requests_days: String,
    pub leads_too: bool,
    pub errors: Errors,
}

/// What holds where an account chose nothing.
pub struct Defaults {
    pub conversations_days: u32,
    pub events_days: u32,
    pub requests_days: u32,
}

/// Rows of one kind that go, in words.
pub struct Due(pub String);

pub async fn show(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let chosen = app.store.retention(member.0.account.id.clone()).await?;
    let mut page = page(&app, &member, chosen, RetentionForm::of(chosen)).await?;
    page.nav.flash = query.contains_key("done").then(|| "Saved. Changes apply within the hour.".to_owned());
    Ok(Page(page).into_response())
}

/// Saved at once where nothing goes by it; otherwise once it is confirmed.
pub async fn update(State(app): State<App>, ProvenForm { member, fields }: ProvenForm) -> Result<Response> {
    let account = member.0.account.id.clone();
    let saved = app.store.retention(account.clone()).await?;
    let mut form = RetentionForm::sent(&fields);
    let chosen = match form.parse() {
        Ok(chosen) => chosen,
        Err(rejection) => {
            form.errors = Errors(rejection.failures);
            let page = page(&app, &member, saved, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response());
        }
    };
    let goes = forgettable(&app, &member, chosen).await?;
    if goes.is_nothing() || fields.text("confirmed") == "yes" {
        app.store.set_retention(account, chosen).await?;
        let told = Told::of("", &format!("{} to {}", in_words(saved), in_words(chosen)));
        return Ok(tell(Redirect::to("/settings/retention?done=saved").into_response(), told));
    }
    let mut page = page(&app, &member, saved, form).await?;
    page.asked = Some(due(goes));
    Ok(NothingDone::by(Page(page).into_response()))
}

/// As the audit log tells it.
fn in_words(chosen: Chosen) -> String {
    let days = |days: Option<u32>| days.map_or_else(|| "default".to_owned(), |days| days.to_string());
    let [conversations, events, requests] = [chosen.conversations_days, chosen.events_days, chosen.requests_days].map(days);
    let leads = if chosen.leads_too { ", leads too" } else { "" };
    format!("conversations {conversations}{leads}, events {events}, requests {requests} days")
}

async fn forgettable(app: &App, member: &SignedIn, chosen: Chosen) -> Result<Forgettable> {
    let limits = chosen.limits(app.config.retention.chosen(), app.world.now());
    Ok(app.store.forgettable(member.0.account.id.clone(), limits).await?)
}

async fn page(app: &App, member: &SignedIn, saved: Chosen, form: RetentionForm) -> Result<RetentionPage> {
    let config = &app.config.retention;
    Ok(RetentionPage {
        nav: member.nav(Section::Settings),
        form,
        defaults: Defaults {
            conversations_days: config.conversations_days,
            events_days: config.events_days,
            requests_days: config.requests_days,
        },
        days_max: DAYS_MAX,
        log_days_min: LOG_DAYS_MIN,
        due: due(forgettable(app, member, saved).await?),
        asked: None,
    })
}

fn due(goes: Forgettable) -> Vec<Due> {
    let kinds = [
        (goes.conversations, "conversation", "conversations"),
        (goes.leads, "lead", "leads"),
        (goes.events, "event", "events"),
        (goes.requests, "API request in the log", "API requests in the log"),
    ];
    let named = |(count, one, many): (i64, &str, &str)| match count {
        0 => None,
        1 => Some(Due(format!("1 {one}"))),
        count if FORGETTABLE_MAX < count => Some(Due(format!("more than {FORGETTABLE_MAX} {many}"))),
        count => Some(Due(format!("{count} {many}"))),
    };
    kinds.into_iter().filter_map(named).collect()
}

impl RetentionForm {
    fn of(chosen: Chosen) -> Self {
        let text = |days: Option<u32>| days.map(|days| days.to_string()).unwrap_or_default();
        Self {
            conversations_days: text(chosen.conversations_days),
            events_days: text(chosen.events_days),
            requests_days: text(chosen.requests_days),
            leads_too: chosen.leads_too,
            errors: Errors::default(),
        }
    }

    fn sent(fields: &Fields) -> Self {
        let text = |name| fields.text(name).to_owned();
        Self {
            conversations_days: text("conversations_days"),
            events_days: text("events_days"),
            requests_days: text("requests_days"),
            leads_too: fields.text("leads_too") == "yes",
            errors: Errors::default(),
        }
    }

    fn parse(&self) -> std::result::Result<Chosen, crate::domain::Rejection> {
        Chosen::parse(&self.conversations_days, &self.events_days, &self.requests_days, self.leads_too)
    }
}
