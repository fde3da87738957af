//! Tries at a person's password: which are let through, and what is said of those that fail.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::auth::password;
use crate::auth::token;
use crate::domain::id::{Identifier, UserId};
use crate::domain::time::{DAY_MS, MINUTE_MS, SECOND_MS};
use crate::web::App;
use crate::web::dashboard::cookie::DEVICE;
use crate::web::dashboard::error::Result;

const WAIT_MAX_MS: i64 = MINUTE_MS;
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

fn admit(app: &App, who: &str, wait_max_ms: i64) -> std::result::Result<(), Refused> {
    let admitted = app.soft_lock.admit(who, app.world.instant_ms(), wait_max_ms);
    admitted.map_err(|wait_ms| Refused::Locked((wait_ms + SECOND_MS - 1) / SECOND_MS))
}

/// The lock of somebody who signs in. A browser in which they did so before has one of its own: a stranger who guesses
/// elsewhere does not make them wait.
pub fn signing_in(app: &App, headers: &HeaderMap, email: &str, user: Option<&UserId>) -> String {
    match device(app, headers) {
        Some((owner, device)) if Some(&owner) == user => format!("device:{device}"),
        _ => format!("email:{email}"),
    }
}

/// The lock of somebody who is signed in: whoever stole a session must not guess with it.
pub fn proving(user: &UserId) -> String {
    format!("proof:{user}")
}

/// The cookie by which a browser is known again; one that is known keeps its own.
pub fn remember(app: &App, headers: &HeaderMap, user: &UserId) -> String {
    let known = device(app, headers).filter(|(owner, _)| owner == user).map(|(_, device)| device);
    let device = known.unwrap_or_else(|| token::generate(&app.world));
    let value = app.sessions.sign(format!("device {user} {device}").as_bytes());
    DEVICE.write(app, &value, Some(DEVICE_AGE_S))
}

fn device(app: &App, headers: &HeaderMap) -> Option<(UserId, String)> {
    let text = String::from_utf8(app.sessions.open(DEVICE.read(app, headers)?)?).ok()?;
    let (user, device) = text.strip_prefix("device ")?.split_once(' ')?;
    Some((UserId::parse(user)?, device.to_owned()))
}
