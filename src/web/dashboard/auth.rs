//! Setting up the first administrator, and signing in.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};

use crate::auth::password;
use crate::domain::account::{User, email_address};
use crate::domain::time::MINUTE_MS;
use crate::limits::Window;
use crate::web::App;
use crate::web::audit::RefusedSignIn;
use crate::web::client::ClientAddress;
use crate::web::dashboard::Page;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::login_code;
use crate::web::dashboard::next::Next;
use crate::web::dashboard::session::{self, OpenForm, SignedForm, SignedIn, form_token};
use crate::web::dashboard::tries::{self, Attempt, Refused};
use crate::web::hashes::Asker;

const TRIES: &str = "sign-in";
/// Attempts to sign in from one address, at whomever's door; wider networks have more.
pub const TRIES_PER_ADDRESS: Window = Window { limit: 10, span_ms: MINUTE_MS };

/// `GET /setup?token=…` while no administrator exists.
#[derive(Template)]
#[template(path = "setup.html")]
pub struct SetupPage {
    pub csrf: String,
    pub token: String,
    pub account: String,
    pub name: String,
    pub email: String,
    pub errors: Errors,
}

/// Shown for a set-up link that is used, mistyped or too old.
#[derive(Template)]
#[template(path = "setup_expired.html")]
pub struct SetupExpiredPage;

/// `GET /login`; the same words for an unknown address as for a wrong password.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    pub csrf: String,
    pub email: String,
    pub next: Next,
    pub errors: Errors,
    /// Nobody can sign in yet: there is no administrator.
    pub unset: bool,
}

pub async fn show(
    State(app): State<App>,
    Query(query): Query<HashMap<String, String>>,
    signed_in: Result<SignedIn>,
) -> Result<Response> {
    let next = Next::parse(query.get("next").map_or("", String::as_str));
    if signed_in.is_ok() {
        return Ok(Redirect::to(next.as_str()).into_response());
    }
    // Another process may have created an administrator since the start.
    let unset = app.setup.token().is_some() && !app.store.has_users().await?;
    Ok(Page(LoginPage { csrf: form_token(&app), email: String::new(), next, errors: Errors::default(), unset }).into_response())
}

pub async fn login(State(app): State<App>, form: OpenForm) -> Result<Response> {
    let next = Next::parse(form.fields.text("next"));
    let typed = form.fields.text("email").to_owned();
    let Ok(email) = email_address(&typed) else { return Ok(refused(&app, typed, next, &Refused::Wrong)) };
    let user = app.store.user_by_email(email.clone()).await?;
    let attempt = Attempt::signing_in(&app, &form.headers, form.address, &email, user.as_ref());
    if let Some(limited) = too_many_from(&app, form.address, &attempt) {
        return Ok(refused(&app, email, next, &limited));
    }
    let password = form.fields.text("password");
    let hash = user.as_ref().map(|user| user.password_hash.as_str());
    let tried = tries::password(&app, &attempt, password, hash).await.inspect_err(|_| {
        // Nothing was hashed, so it was no attempt.
        app.take_back_from(TRIES, form.address);
    })?;
    match (tried, user) {
        (Ok(()), Some(user)) => {
            let user = renew_hash(&app, user, password).await?;
            if app.store.two_step(user.account.clone(), user.id.clone()).await?.is_some() {
                return Ok(login_code::detour(&app, &user, &next));
            }
            welcome(&app, user, form.address, &form.headers, &next).await
        }
        (tried, known) => {
            let response = refused(&app, email, next, &tried.err().unwrap_or(Refused::Wrong));
            Ok(match known {
                Some(user) => RefusedSignIn::of(user, response),
                None => response,
            })
        }
    }
}

/// Whether enough was attempted from this address for now. A browser that is known has a lock of its own, so that a flood
/// beside it keeps nobody out.
pub fn too_many_from(app: &App, address: ClientAddress, attempt: &Attempt) -> Option<Refused> {
    if attempt.in_known_browser {
        return None;
    }
    let counted = app.count_from(TRIES, address, &[TRIES_PER_ADDRESS]);
    counted.err().map(|refused| Refused::Locked(refused.retry_after_seconds()))
}

/// Opens a session under a token of its own, and ends the one that the browser had: it may have been planted there.
pub async fn welcome(app: &App, user: User, address: ClientAddress, headers: &HeaderMap, next: &Next) -> Result<Response> {
    session::end(app, headers).await?;
    let device = tries::remember(app, headers, &user);
    let cookie = session::open(app, user, address, headers).await?;
    let cookies = AppendHeaders([(header::SET_COOKIE, cookie), (header::SET_COOKIE, device)]);
    Ok((cookies, Redirect::to(next.as_str())).into_response())
}

/// The same page for an unknown address as for a wrong password.
fn refused(app: &App, email: String, next: Next, refused: &Refused) -> Response {
    let errors = Errors::whole(refused.message("Wrong e-mail address or password."));
    refused.answer(Page(LoginPage { csrf: form_token(app), email, next, errors, unset: false }))
}

/// What was hashed under earlier parameters is hashed anew while the password is at hand.
async fn renew_hash(app: &App, user: User, password: &str) -> Result<User> {
    if !password::needs_rehash(&user.password_hash) {
        return Ok(user);
    }
    let hash = hashed(app, password.to_owned()).await?;
    app.store.renew_password_hash(user.clone(), hash.clone()).await?;
    Ok(User { password_hash: hash, ..user })
}

pub async fn logout(State(app): State<App>, headers: HeaderMap, _: SignedForm) -> Result<Response> {
    let cookie = session::end(&app, &headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response())
}

/// Computed off the sockets' threads, and never for more than a few at once.
pub async fn hashed(app: &App, text: String) -> Result<String> {
    Ok(app.hashes.hash(Asker::KNOWN, &app.world, text).await?)
}
