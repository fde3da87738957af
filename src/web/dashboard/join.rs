//! Joining a team: one link, good once and for seven days.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::auth::own_words::Whose;
use crate::auth::{self, password};
use crate::domain::Invalid;
use crate::domain::account::{ACCOUNT_NAME, email_address};
use crate::domain::input::text_of_form;
use crate::domain::team::{ADDRESS_TAKEN, Invite, Refusal};
use crate::storage::Error;
use crate::web::App;
use crate::web::audit::{Told, tell};
use crate::web::dashboard::Page;
use crate::web::dashboard::auth::welcome;
use crate::web::dashboard::auth::{SetupExpiredPage, TRIES_PER_ADDRESS, hashed};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::next::Next;
use crate::web::dashboard::security::EMAIL_CHANGES;
use crate::web::dashboard::session::{Fields, OpenForm, form_token};
use crate::web::error::ApiError;

/// `GET /join?token=…`
#[derive(Template)]
#[template(path = "join.html")]
pub struct JoinPage {
    pub csrf: String,
    pub token: String,
    pub account: String,
    pub email: String,
    /// The address in its place, which is asked for where the invited one is in use.
    pub other: Option<String>,
    pub role: &'static str,
    pub name: String,
    pub errors: Errors,
}

pub async fn show(State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let token = query.get("token").cloned().unwrap_or_default();
    Ok(match app.store.invite_of(auth::hash(&token)).await? {
        Some((_, invite)) => {
            Page(JoinPage::new(&app, &invite, Typed { token, ..Typed::default() }, Errors::default())).into_response()
        }
        None => gone(),
    })
}

pub async fn create(State(app): State<App>, form: OpenForm) -> Result<Response> {
    let typed = Typed::read(&form.fields);
    if let Err(refused) = app.count_from("join", form.address, &[TRIES_PER_ADDRESS]) {
        return Err(ApiError::rate_limited(refused.retry_after_seconds()).into());
    }
    let hash = auth::hash(&typed.token);
    let Some((account, invite)) = app.store.invite_of(hash).await? else { return Ok(gone()) };
    let again = |status: StatusCode, typed, errors| (status, Page(JoinPage::new(&app, &invite, typed, errors))).into_response();
    let (name, other) = match checked(&typed, form.fields.text("password"), &invite) {
        Ok(checked) => checked,
        Err(errors) => return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, typed, errors)),
    };
    if other.is_some() {
        // As when somebody changes their address: an answer tells whether it is in use.
        app.count("email-of", account.as_str(), &[EMAIL_CHANGES])?;
    }
    let password_hash = hashed(&app, form.fields.text("password").to_owned()).await?;
    let user = match app.store.accept_invite(hash, name, other, password_hash).await {
        Ok(Ok(user)) => user,
        Ok(Err(Refusal::AddressTaken)) => {
            let errors = typed.other.as_ref().map(|_| Errors::of_field("email", ADDRESS_TAKEN)).unwrap_or_default();
            return Ok(again(StatusCode::CONFLICT, typed.with_other(), errors));
        }
        Ok(Err(refusal)) => return Ok(again(StatusCode::CONFLICT, typed, Errors::whole(refusal.message()))),
        Err(Error::NotFound) => return Ok(gone()),
        Err(error) => return Err(error.into()),
    };
    let told = Told::of(&user.id, &format!("{}, {}", user.email, user.role.label()));
    let response = welcome(&app, user, form.address, &form.headers, &Next::parse("/")).await?;
    Ok(tell(response, told))
}

/// The name, and the address in the place of the invited one where there is such a field.
fn checked(typed: &Typed, password: &str, invite: &Invite) -> std::result::Result<(String, Option<String>), Errors> {
    let of = |field: &'static str| move |message: String| Invalid::new(field, message);
    let name = text_of_form(&typed.name, &ACCOUNT_NAME).map_err(of("name"));
    let other = typed.other.as_deref().map(email_address).transpose().map_err(of("email"));
    let email = typed.other.as_deref().unwrap_or(&invite.email);
    let whose = Whose { email, name: &typed.name, account: &invite.by };
    let password = password::check(password, &whose).map_err(of("password"));
    match (name, other, password) {
        (Ok(name), Ok(other), Ok(())) => Ok((name, other)),
        (name, other, password) => Err(Errors([name.err(), other.err(), password.err()].into_iter().flatten().collect())),
    }
}

/// The same for a link that never was, that is used, revoked or too old.
fn gone() -> Response {
    (StatusCode::NOT_FOUND, Page(SetupExpiredPage)).into_response()
}

/// What the form brought, but for the password.
#[derive(Default)]
struct Typed {
    token: String,
    name: String,
    /// None where nobody was asked for it.
    other: Option<String>,
}

impl Typed {
    fn read(fields: &Fields) -> Self {
        let text = |name| fields.text(name).to_owned();
        Self { token: text("token"), name: text("name"), other: fields.all("email").next().map(str::to_owned) }
    }

    fn with_other(self) -> Self {
        Self { other: self.other.or(Some(String::new())), ..self }
    }
}

impl JoinPage {
    fn new(app: &App, invite: &Invite, typed: Typed, errors: Errors) -> Self {
        Self {
            csrf: form_token(app),
            token: typed.token,
            account: invite.by.clone(),
            email: invite.email.clone(),
            other: typed.other,
            role: invite.role.label(),
            name: typed.name,
            errors,
        }
    }
}
