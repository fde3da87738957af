//! Tries at a person's password, or at a code: which are let through, and what is said of those that fail.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::auth::{hash, hex, password, recovery, token, totp};
use crate::domain::account::User;
use crate::domain::id::UserId;
use crate::domain::place;
use crate::domain::time::{DAY_MS, MINUTE_MS, SECOND_MS};
use crate::storage::TwoStep;
use crate::web::App;
use crate::web::dashboard::cookie::DEVICE;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::two_step::unreadable;

const WAIT_MAX_MS: i64 = MINUTE_MS;
/// Whoever guesses codes knows the password, and a code has but six digits.
const CODE_WAIT_MAX_MS: i64 = 15 * MINUTE_MS;
const DEVICE_AGE_S: i64 = 365 * DAY_MS / SECOND_MS;

/// Why a try was not let through.
#[derive(Debug)]
pub enum Refused {
    Wrong,
    TooLong,
    /// Too many have failed; the seconds until the next one.
    Locked(i64),
}

impl Refused {
    /// `wrong` is what a wrong one is told.
    pub fn message(&self, wrong: &str) -> String {
        match self {
            Self::Wrong => wrong.to_owned(),
            Self::TooLong => format!("A password has at most {} characters.", password::CHARS_MAX),
            Self::Locked(seconds) => format!("Too many tries have failed. Wait {seconds} s, then try again."),
        }
    }

    /// The page that says so.
    pub fn answer(&self, page: impl IntoResponse) -> Response {
        match self {
            Self::Wrong => (StatusCode::UNAUTHORIZED, page).into_response(),
            Self::TooLong => (StatusCode::UNPROCESSABLE_ENTITY, page).into_response(),
            Self::Locked(seconds) => {
                (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())], page).into_response()
            }
        }
    }
}

/// Whether `text` is the password of `hash`; without one the same work is done for nothing. `who` names the lock.
pub async fn password(app: &App, who: &str, text: &str, hash: Option<&str>) -> Result<std::result::Result<(), Refused>> {
    if text.chars().count() > password::CHARS_MAX {
        return Ok(Err(Refused::TooLong));
    }
    if let Err(locked) = admit(app, who, WAIT_MAX_MS) {
        return Ok(Err(locked));
    }
    if !app.hashes.verify(text.to_owned(), hash.map(str::to_owned)).await? {
        return Ok(Err(Refused::Wrong));
    }
    app.soft_lock.forgive(who);
    Ok(Ok(()))
}

/// Whether `text` is a code of this person that was not used yet, of the authenticator or for recovery. It is used now.
pub async fn code(app: &App, who: &str, user: &User, two_step: &TwoStep, text: &str) -> Result<std::result::Result<(), Refused>> {
    if let Err(locked) = admit(app, who, CODE_WAIT_MAX_MS) {
        return Ok(Err(locked));
    }
    let (account, id) = (user.account.clone(), user.id.clone());
    let is_right = if let Some(code) = recovery::hash(text) {
        app.store.take_recovery_code(account, id, code).await?
    } else if let Some(step) = step_of(app, user, two_step, text)? {
        app.store.take_step(account, id, step).await?
    } else {
        false
    };
    if !is_right {
        return Ok(Err(Refused::Wrong));
    }
    app.soft_lock.forgive(who);
    Ok(Ok(()))
}

fn step_of(app: &App, user: &User, two_step: &TwoStep, text: &str) -> Result<Option<i64>> {
    let Some(code) = totp::read(text) else { return Ok(None) };
    let opened = app.vault.open(&two_step.secret, &place::of_two_step(&user.id));
    let secret = opened.map_err(|_| unreadable(user))?;
    Ok(totp::step(&secret, &code, app.world.now()))
}

fn admit(app: &App, who: &str, wait_max_ms: i64) -> std::result::Result<(), Refused> {
    let admitted = app.soft_lock.admit(who, app.world.instant_ms(), wait_max_ms);
    admitted.map_err(|wait_ms| Refused::Locked((wait_ms + SECOND_MS - 1) / SECOND_MS))
}

/// The lock of somebody who signs in. A browser in which they did so before has one of its own: a stranger who guesses
/// elsewhere does not make them wait.
pub fn signing_in(app: &App, headers: &HeaderMap, email: &str, user: Option<&User>) -> String {
    match user.and_then(|user| device(app, headers, user)) {
        Some(device) => format!("device:{device}"),
        None => format!("email:{email}"),
    }
}

/// The lock of somebody who is signed in: whoever stole a session must not guess with it.
pub fn proving(user: &UserId) -> String {
    format!("proof:{user}")
}

/// The cookie by which a browser is known again; one that is known keeps its own.
pub fn remember(app: &App, headers: &HeaderMap, user: &User) -> String {
    let device = device(app, headers, user).unwrap_or_else(|| token::generate(&app.world));
    let value = app.sessions.sign(format!("device {} {} {device}", user.id, fingerprint(user)).as_bytes());
    DEVICE.write(app, &value, Some(DEVICE_AGE_S))
}

/// Under the same password: whoever knew an earlier one must not have a store of browsers to guess with.
fn device(app: &App, headers: &HeaderMap, user: &User) -> Option<String> {
    let text = String::from_utf8(app.sessions.open(DEVICE.read(app, headers)?)?).ok()?;
    let known = format!("device {} {} ", user.id, fingerprint(user));
    text.strip_prefix(&known).map(str::to_owned)
}

/// Of the password's hash, which nobody should learn from a cookie.
pub fn fingerprint(user: &User) -> String {
    hex(&hash(&user.password_hash)[..8])
}
