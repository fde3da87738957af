//! Setting up the first administrator, and signing in.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::auth::password;
use crate::domain::account::email_address;
use crate::domain::time::MINUTE_MS;
use crate::limits::Window;
use crate::web::App;
use crate::web::audit::RefusedSignIn;
use crate::web::dashboard::Page;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::session::{self, OpenForm, SignedForm, SignedIn, form_token};
use crate::web::error::ApiError;

/// Tries to sign in: a person needs few, a guesser many. A guesser elsewhere must not lock the person out, so the limit of
/// an e-mail address alone is wide.
pub const TRIES_PER_ADDRESS: Window = Window { limit: 10, span_ms: MINUTE_MS };
pub const TRIES_PER_BOTH: Window = Window { limit: 5, span_ms: MINUTE_MS };
const TRIES_PER_EMAIL: Window = Window { limit: 60, span_ms: MINUTE_MS };

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
    pub errors: Errors,
}

pub async fn show(State(app): State<App>, signed_in: Result<SignedIn>) -> Response {
    if signed_in.is_ok() {
        return Redirect::to("/").into_response();
    }
    Page(LoginPage { csrf: form_token(&app), email: String::new(), errors: Errors::default() }).into_response()
}

pub async fn login(State(app): State<App>, form: OpenForm) -> Result<Response> {
    let typed = form.fields.text("email").to_owned();
    let Ok(email) = email_address(&typed) else { return Ok(wrong(&app, typed)) };
    let address = form.address.bucket();
    for (who, window) in [
        (format!("sign-in-address:{address}"), TRIES_PER_ADDRESS),
        (format!("sign-in-both:{address} {email}"), TRIES_PER_BOTH),
        (format!("sign-in-email:{email}"), TRIES_PER_EMAIL),
    ] {
        let verdict = app.strangers.admit(&who, app.world.instant_ms(), &[window]);
        if !verdict.allowed {
            return Err(ApiError::rate_limited(verdict.retry_after_seconds()).into());
        }
    }
    let user = app.store.user_by_email(email.clone()).await?;
    let known_hash = user.as_ref().map(|user| user.password_hash.clone());
    let right = verified(&app, form.fields.text("password").to_owned(), known_hash).await?;
    let user = match user {
        Some(user) if right => user,
        known => {
            let mut response = wrong(&app, email);
            known.map(|user| response.extensions_mut().insert(RefusedSignIn(user)));
            return Ok(response);
        }
    };
    let cookie = session::open(&app, user, form.address, &form.headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}

/// The same page for an unknown address as for a wrong password.
fn wrong(app: &App, email: String) -> Response {
    let errors = Errors::whole("E-mail address or password is wrong.");
    (StatusCode::UNAUTHORIZED, Page(LoginPage { csrf: form_token(app), email, errors })).into_response()
}

pub async fn logout(State(app): State<App>, headers: axum::http::HeaderMap, _: SignedForm) -> Result<Response> {
    let cookie = session::end(&app, &headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response())
}

/// Computed off the sockets' threads, and never for more than a few at once.
pub async fn hashed(app: &App, text: String) -> Result<String> {
    let _permit = app.hashes.acquire().await.map_err(|_| ApiError::unavailable())?;
    let world = app.world.clone();
    let hash = tokio::task::spawn_blocking(move || password::hash(&world, &text)).await;
    hash.ok().and_then(std::result::Result::ok).ok_or_else(|| ApiError::internal().into())
}

/// For an unknown user the same work is done, so that the time tells nothing.
pub async fn verified(app: &App, text: String, hash: Option<String>) -> Result<bool> {
    let _permit = app.hashes.acquire().await.map_err(|_| ApiError::unavailable())?;
    let check = move || match hash {
        Some(hash) => password::verify(&text, &hash),
        None => {
            password::verify_dummy(&text);
            false
        }
    };
    tokio::task::spawn_blocking(check).await.map_err(|_| ApiError::internal().into())
}
