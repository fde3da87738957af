//! Attempts at a person's password, or at a code: which are let through, and what is said of those that fail.
//!
//! Locks count by person and network, or by browser where the person has signed in with it before: a stranger who guesses
//! makes nobody wait but those beside them. Whoever is kept waiting all the same has a way round, a browser known before or
//! a recovery code.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::auth::{hash, hex, password, recovery, token, totp};
use crate::domain::account::User;
use crate::domain::place;
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};
use crate::limits::Window;
use crate::limits::network::{networks, widest};
use crate::limits::soft_lock::Patience;
use crate::storage::TwoStep;
use crate::web::App;
use crate::web::client::ClientAddress;
use crate::web::dashboard::cookie::DEVICE;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::session::own_hash;
use crate::web::dashboard::two_step::unreadable;
use crate::web::hashes::{Asker, Lane};

const FREE: u32 = 5;
const WAIT_MAX_MS: i64 = MINUTE_MS;
/// Whoever guesses codes knows the password, and a code has but six digits.
const CODE_WAIT_MAX_MS: i64 = 15 * MINUTE_MS;
/// Failures at one person within a day from which on it is no coincidence. Then an address that fails has to wait after its
/// first attempt, and longer: many of them guess no more than a few did before.
const GUESSED_AT: u32 = 100;
const GUESSED_AT_WAIT_MAX_MS: i64 = HOUR_MS;
const DEVICE_AGE_S: i64 = 365 * DAY_MS / SECOND_MS;

/// Somebody who fails in a network makes it suspect for this long.
const FAILED: &str = "sign-in-failed";
const FAILED_LATELY: [Window; 1] = [Window { limit: 1, span_ms: 10 * MINUTE_MS }];

/// Why an attempt was not let through.
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
            Self::TooLong => format!("A password can have up to {} characters.", password::CHARS_MAX),
            Self::Locked(seconds) => format!("Too many attempts. Try again in {seconds} seconds."),
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

/// An attempt at a secret: the locks that count it, and before whom it is looked at.
pub struct Attempt {
    /// All of them have to be open; the first is the narrowest.
    locks: Vec<(String, Patience)>,
    /// Where all failures at the person are counted, whoever failed.
    person: Option<String>,
    asker: Asker,
    /// None where it does not matter: in a browser that is known, and behind a right password.
    from: Option<ClientAddress>,
    /// The person has signed in with this browser before.
    pub in_known_browser: bool,
}

impl Attempt {
    /// By somebody who signs in.
    pub fn signing_in(app: &App, headers: &HeaderMap, from: ClientAddress, email: &str, user: Option<&User>) -> Self {
        if let Some(device) = user.and_then(|user| device(app, headers, user)) {
            return Self { in_known_browser: true, ..Self::known(format!("device:{device}"), WAIT_MAX_MS) };
        }
        let person = format!("email:{email}");
        let is_guessed_at = GUESSED_AT <= app.soft_lock.failures(&person, app.world.instant_ms());
        let is_fresh = app.has_room_for(FAILED, from, &FAILED_LATELY);
        let lane = if is_fresh { Lane::Fresh } else { Lane::Suspect };
        Self {
            locks: locks_of(&person, from, is_guessed_at),
            person: Some(person),
            asker: Asker { lane, network: Some(widest(from.0)) },
            from: Some(from),
            in_known_browser: false,
        }
    }

    /// At a code, by somebody whose password was right. A recovery code is too long to be guessed, so it stays a way in where
    /// an authenticator's codes are guessed at.
    pub fn with_code(app: &App, headers: &HeaderMap, from: ClientAddress, user: &User, text: &str) -> Self {
        if let Some(device) = device(app, headers, user) {
            return Self { in_known_browser: true, ..Self::known(format!("code-device:{device}"), CODE_WAIT_MAX_MS) };
        }
        if recovery::hash(text).is_some() {
            let locks = locks_of(&format!("recovery:{}", user.id), from, false);
            return Self { locks, ..Self::known(String::new(), WAIT_MAX_MS) };
        }
        Self::known(format!("code:{}", user.id), CODE_WAIT_MAX_MS)
    }

    /// By somebody who is signed in: whoever stole a session must not guess with it, nor keep its owner from another one.
    pub fn proving(app: &App, headers: &HeaderMap, user: &User, is_code: bool) -> Self {
        let session = own_hash(app, headers).map(|hash| hex(&hash[..8])).unwrap_or_default();
        Self::known(format!("proof:{}:{session}", user.id), if is_code { CODE_WAIT_MAX_MS } else { WAIT_MAX_MS })
    }

    fn known(lock: String, wait_max_ms: i64) -> Self {
        let locks = vec![(lock, Patience { free: FREE, wait_max_ms })];
        Self { locks, person: None, asker: Asker::KNOWN, from: None, in_known_browser: false }
    }

    fn admit(&self, app: &App) -> std::result::Result<(), Refused> {
        let now_ms = app.world.instant_ms();
        for (position, (lock, patience)) in self.locks.iter().enumerate() {
            if let Err(wait_ms) = app.soft_lock.admit(lock, now_ms, *patience) {
                self.locks[..position].iter().for_each(|(lock, _)| app.soft_lock.take_back(lock, now_ms));
                return Err(Refused::Locked((wait_ms + SECOND_MS - 1) / SECOND_MS));
            }
        }
        Ok(())
    }

    fn failed(&self, app: &App) {
        if let Some(person) = &self.person {
            let counting = Patience { free: u32::MAX, wait_max_ms: 0 };
            // Nobody waits at this lock, so it is open.
            let _ = app.soft_lock.admit(person, app.world.instant_ms(), counting);
        }
        if let Some(from) = self.from {
            // An error means that the network is suspect already.
            let _ = app.count_from(FAILED, from, &FAILED_LATELY);
        }
    }

    fn did_not_take_place(&self, app: &App) {
        self.locks.iter().for_each(|(lock, _)| app.soft_lock.take_back(lock, app.world.instant_ms()));
    }

    fn succeeded(&self, app: &App) {
        self.locks.iter().for_each(|(lock, _)| app.soft_lock.forgive(lock));
    }
}

/// One for each network that `from` is in; a wider one has more attempts free.
fn locks_of(person: &str, from: ClientAddress, is_guessed_at: bool) -> Vec<(String, Patience)> {
    let patience = |share: u32| match share {
        1 if is_guessed_at => Patience { free: 1, wait_max_ms: GUESSED_AT_WAIT_MAX_MS },
        share => Patience { free: FREE * share, wait_max_ms: WAIT_MAX_MS },
    };
    networks(from.0).into_iter().map(|network| (format!("{person}:{network}"), patience(network.share))).collect()
}

/// Whether `text` is the password of `hash`; without one the same work is done for nothing.
pub async fn password(app: &App, attempt: &Attempt, text: &str, hash: Option<&str>) -> Result<std::result::Result<(), Refused>> {
    if text.chars().count() > password::CHARS_MAX {
        return Ok(Err(Refused::TooLong));
    }
    if let Err(locked) = attempt.admit(app) {
        return Ok(Err(locked));
    }
    let is_right = app.hashes.verify(attempt.asker, text.to_owned(), hash.map(str::to_owned)).await.inspect_err(|_| {
        // Nothing was hashed, so nothing was wrong.
        attempt.did_not_take_place(app);
    })?;
    Ok(settle(app, attempt, is_right))
}

/// Whether `text` is a code of this person that was not used yet, of the authenticator or for recovery. It is used now.
pub async fn code(
    app: &App,
    attempt: &Attempt,
    user: &User,
    two_step: &TwoStep,
    text: &str,
) -> Result<std::result::Result<(), Refused>> {
    if let Err(locked) = attempt.admit(app) {
        return Ok(Err(locked));
    }
    let is_right = take_code(app, user, two_step, text).await.inspect_err(|_| attempt.did_not_take_place(app))?;
    Ok(settle(app, attempt, is_right))
}

fn settle(app: &App, attempt: &Attempt, is_right: bool) -> std::result::Result<(), Refused> {
    if is_right {
        attempt.succeeded(app);
        return Ok(());
    }
    attempt.failed(app);
    Err(Refused::Wrong)
}

async fn take_code(app: &App, user: &User, two_step: &TwoStep, text: &str) -> Result<bool> {
    let (account, id) = (user.account.clone(), user.id.clone());
    if let Some(code) = recovery::hash(text) {
        return Ok(app.store.take_recovery_code(account, id, code).await?);
    }
    match step_of(app, user, two_step, text)? {
        Some(step) => Ok(app.store.take_step(account, id, step).await?),
        None => Ok(false),
    }
}

fn step_of(app: &App, user: &User, two_step: &TwoStep, text: &str) -> Result<Option<i64>> {
    let Some(code) = totp::read(text) else { return Ok(None) };
    let opened = app.vault.open(&two_step.secret, &place::of_two_step(&user.id));
    let secret = opened.map_err(|_| unreadable(user))?;
    Ok(totp::step(&secret, &code, app.world.now()))
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
