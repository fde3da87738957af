//! Joining a team: one link, good once and for seven days.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::auth::{self, password};
use crate::domain::Invalid;
use crate::domain::account::ACCOUNT_NAME;
use crate::domain::input::text_of_form;
use crate::domain::team::Invite;
use crate::storage::Error;
use crate::web::App;
use crate::web::audit::{Told, tell};
use crate::web::dashboard::Page;
use crate::web::dashboard::auth::welcome;
use crate::web::dashboard::auth::{SetupExpiredPage, TRIES_PER_ADDRESS, hashed};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::next::Next;
use crate::web::dashboard::session::{OpenForm, form_token};
use crate::web::error::ApiError;

/// `GET /join?token=…`
#[derive(Template)]
#[template(path = "join.html")]
pub struct JoinPage {
    pub csrf: String,
    pub token: String,
    pub account: String,
    pub email: String,
    pub role: &'static str,
    pub name: String,
    pub errors: Errors,
}

pub async fn show(State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let token = query.get("token").cloned().unwrap_or_default();
    Ok(match app.store.invite_of(auth::hash(&token)).await? {
        Some(invite) => Page(JoinPage::new(&app, token, invite, "", Errors::default())).into_response(),
        None => gone(),
    })
}

pub async fn create(State(app): State<App>, form: OpenForm) -> Result<Response> {
    let (typed, token) = (form.fields.text("name").to_owned(), form.fields.text("token").to_owned());
    if let Err(refused) = app.count_from("join", form.address, &[TRIES_PER_ADDRESS]) {
        return Err(ApiError::rate_limited(refused.retry_after_seconds()).into());
    }
    let hash = auth::hash(&token);
    let Some(invite) = app.store.invite_of(hash).await? else { return Ok(gone()) };
    let name = text_of_form(&typed, &ACCOUNT_NAME).map_err(|message| Invalid::new("name", message));
    let chosen = password::check(form.fields.text("password")).map_err(|message| Invalid::new("password", message));
    let name = match (name, chosen) {
        (Ok(name), Ok(())) => name,
        (name, chosen) => {
            let errors = Errors(name.err().into_iter().chain(chosen.err()).collect());
            let page = JoinPage::new(&app, token, invite, &typed, errors);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response());
        }
    };
    let password_hash = hashed(&app, form.fields.text("password").to_owned()).await?;
    let user = match app.store.accept_invite(hash, name, password_hash).await {
        Ok(Ok(user)) => user,
        Ok(Err(refusal)) => {
            let page = JoinPage::new(&app, token, invite, &typed, Errors::whole(refusal.message()));
            return Ok((StatusCode::CONFLICT, Page(page)).into_response());
        }
        Err(Error::NotFound) => return Ok(gone()),
        Err(error) => return Err(error.into()),
    };
    let told = Told::of(&user.id, &format!("{}, {}", user.email, user.role.label()));
    let response = welcome(&app, user, form.address, &form.headers, &Next::parse("/")).await?;
    Ok(tell(response, told))
}

/// The same for a link that never was, that is used, revoked or too old.
fn gone() -> Response {
    (StatusCode::NOT_FOUND, Page(SetupExpiredPage)).into_response()
}

impl JoinPage {
    fn new(app: &App, token: String, invite: Invite, name: &str, errors: Errors) -> Self {
        Self {
            csrf: form_token(app),
            token,
            account: invite.by,
            email: invite.email,
            role: invite.role.label(),
            name: name.to_owned(),
            errors,
        }
    }
}
