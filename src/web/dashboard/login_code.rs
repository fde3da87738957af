//! The second step of signing in: a code, after the password.
//!
//! What stands between the two is a signed cookie that opens nothing but this page, for five minutes.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::account::User;
use crate::domain::id::{AccountId, Identifier, UserId};
use crate::domain::time::MINUTE_MS;
use crate::web::App;
use crate::web::audit::RefusedSignIn;
use crate::web::dashboard::Page;
use crate::web::dashboard::auth::{too_many_from, welcome};
use crate::web::dashboard::cookie::HALFWAY;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::next::Next;
use crate::web::dashboard::session::{OpenForm, form_token};
use crate::web::dashboard::tries::{self, Attempt, Refused, fingerprint};

const AGE_MS: i64 = 5 * MINUTE_MS;
const PAGE: &str = "/login/code";

#[derive(Template)]
#[template(path = "login_code.html")]
pub struct LoginCodePage {
    pub csrf: String,
    pub next: Next,
    pub errors: Errors,
}

impl LoginCodePage {
    fn new(app: &App, next: Next, errors: Errors) -> Self {
        Self { csrf: form_token(app), next, errors }
    }
}

/// Sends somebody here whose password was right.
pub fn detour(app: &App, user: &User, next: &Next) -> Response {
    let claims = format!("halfway {} {} {} {}", user.account, user.id, fingerprint(user), app.world.now().ms());
    let cookie = HALFWAY.write(app, &app.sessions.sign(claims.as_bytes()), Some(AGE_MS / 1_000));
    ([(header::SET_COOKIE, cookie)], Redirect::to(&next.after(PAGE))).into_response()
}

pub async fn show(State(app): State<App>, headers: HeaderMap, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let next = Next::parse(query.get("next").map_or("", String::as_str));
    Ok(match halfway(&app, &headers).await? {
        Some(_) => Page(LoginCodePage::new(&app, next, Errors::default())).into_response(),
        None => Redirect::to(&next.after("/login")).into_response(),
    })
}

pub async fn create(State(app): State<App>, form: OpenForm) -> Result<Response> {
    let next = Next::parse(form.fields.text("next"));
    let Some(user) = halfway(&app, &form.headers).await? else {
        return Ok(Redirect::to(&next.after("/login")).into_response());
    };
    let Some(two_step) = app.store.two_step(user.account.clone(), user.id.clone()).await? else {
        // Switched off meanwhile, at the command line: the password is enough, but it has to be given again.
        return Ok(Redirect::to(&next.after("/login")).into_response());
    };
    let code = form.fields.text("code");
    let attempt = Attempt::with_code(&app, &form.headers, form.address, &user, code);
    if let Some(refused) = too_many_from(&app, form.address, &attempt) {
        return Ok(again(&app, next, &refused));
    }
    if let Err(refused) = tries::code(&app, &attempt, &user, &two_step, code).await? {
        return Ok(RefusedSignIn::of(user, again(&app, next, &refused)));
    }
    let mut response = welcome(&app, user, form.address, &form.headers, &next).await?;
    if let Ok(cookie) = HeaderValue::from_str(&HALFWAY.remove(&app)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn again(app: &App, next: Next, refused: &Refused) -> Response {
    let message = refused.message("is wrong or already used");
    refused.answer(Page(LoginCodePage::new(app, next, Errors::of_field("code", message))))
}

/// Whose password was right a short while ago, and is still the same.
async fn halfway(app: &App, headers: &HeaderMap) -> Result<Option<User>> {
    let Some((account, user, known, made_ms)) = claims(app, headers) else { return Ok(None) };
    let age_ms = app.world.now().ms() - made_ms;
    if !(0..AGE_MS).contains(&age_ms) {
        return Ok(None);
    }
    let user = app.store.user(account, user).await?;
    Ok((fingerprint(&user) == known).then_some(user))
}

fn claims(app: &App, headers: &HeaderMap) -> Option<(AccountId, UserId, String, i64)> {
    let text = String::from_utf8(app.sessions.open(HALFWAY.read(app, headers)?)?).ok()?;
    let mut parts = text.strip_prefix("halfway ")?.split(' ');
    let (account, user) = (AccountId::parse(parts.next()?)?, UserId::parse(parts.next()?)?);
    Some((account, user, parts.next()?.to_owned(), parts.next()?.parse().ok()?))
}
