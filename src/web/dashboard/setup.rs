//! The first administrator: one link, printed at the start, good once and for half an hour.

use std::sync::{Mutex, PoisonError};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use std::collections::HashMap;

use crate::auth;
use crate::auth::own_words::Whose;
use crate::domain::Invalid;
use crate::domain::account::NewAdministrator;
use crate::domain::time::{MINUTE_MS, Time};
use crate::storage;
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::auth::welcome;
use crate::web::dashboard::auth::{SetupExpiredPage, SetupPage, hashed};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::next::Next;
use crate::web::dashboard::session::{Fields, OpenForm, form_token};
use crate::world::World;

const AGE_MS: i64 = 30 * MINUTE_MS;

/// Open only while there is no administrator.
pub struct SetupLink {
    token: Mutex<Option<String>>,
    until: Time,
}

impl SetupLink {
    pub fn new(world: &World, has_users: bool) -> Self {
        let token = (!has_users).then(|| auth::token::generate(world));
        Self { token: Mutex::new(token), until: world.now().plus_ms(AGE_MS) }
    }

    pub fn token(&self) -> Option<String> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// For good: there is an administrator now.
    pub fn close(&self) {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn admits(&self, token: &str, now: Time) -> bool {
        now < self.until && self.token().is_some_and(|own| auth::same(own.as_bytes(), token.as_bytes()))
    }
}

pub async fn show(State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let token = query.get("token").cloned().unwrap_or_default();
    if !is_open(&app, &token).await? {
        return Ok((StatusCode::NOT_FOUND, Page(SetupExpiredPage)).into_response());
    }
    Ok(Page(page(&app, token, &Fields::default(), Errors::default())).into_response())
}

pub async fn create(State(app): State<App>, form: OpenForm) -> Result<Response> {
    let (fields, token) = (&form.fields, form.fields.text("token").to_owned());
    if !is_open(&app, &token).await? {
        return Ok((StatusCode::NOT_FOUND, Page(SetupExpiredPage)).into_response());
    }
    let plan = app.config.accounts.default_plan.clone();
    let new = NewAdministrator::parse(fields.text("account"), fields.text("email"), fields.text("name"), &plan);
    let whose = Whose { email: fields.text("email"), name: fields.text("name"), account: fields.text("account") };
    let password = auth::password::check(fields.text("password"), &whose).map_err(|message| Invalid::new("password", message));
    let new = match (new, password) {
        (Ok(new), Ok(())) => new,
        (new, password) => {
            let mut failures = new.err().map(|rejection| rejection.failures).unwrap_or_default();
            failures.extend(password.err());
            let page = page(&app, token, fields, Errors(failures));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response());
        }
    };
    let email = new.email.clone();
    let hash = hashed(&app, fields.text("password").to_owned()).await?;
    match app.store.create_first_administrator(new, hash).await {
        // The link was used while this one hashed.
        Err(storage::Error::Conflict) => return Ok((StatusCode::NOT_FOUND, Page(SetupExpiredPage)).into_response()),
        done => drop(done?),
    }
    app.setup.close();
    let Some(user) = app.store.user_by_email(email).await? else { return Ok(Redirect::to("/login").into_response()) };
    welcome(&app, user, form.address, &form.headers, &Next::parse("/start")).await
}

/// Another process may have made an administrator meanwhile.
async fn is_open(app: &App, token: &str) -> Result<bool> {
    Ok(app.setup.admits(token, app.world.now()) && !app.store.has_users().await?)
}

fn page(app: &App, token: String, fields: &Fields, errors: Errors) -> SetupPage {
    let text = |name| fields.text(name).to_owned();
    SetupPage { csrf: form_token(app), token, account: text("account"), name: text("name"), email: text("email"), errors }
}
