//! Two-step sign-in: switched on with an authenticator, its recovery codes, switched off.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::auth::{recovery, totp};
use crate::domain::account::User;
use crate::domain::place;
use crate::domain::time::MINUTE_MS;
use crate::storage::{self, Renewal};
use crate::web::App;
use crate::web::audit::NothingDone;
use crate::web::dashboard::Page;
use crate::web::dashboard::error::{PageError, Result};
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::proof::{ProvenForm, ProvenNow, ProvenPage};
use crate::web::dashboard::qr::Qr;
use crate::web::dashboard::session::{self, SignedIn, own_hash};
use crate::web::error::ApiError;

/// An app may have to be found and installed first.
const OFFER_AGE_MS: i64 = 30 * MINUTE_MS;
const GROUP_CHARS: usize = 4;

/// A secret that is not in force before a code proves that an authenticator has it.
#[derive(Template)]
#[template(path = "two_step.html")]
pub struct TwoStepPage {
    pub nav: Nav,
    pub qr: Option<Qr>,
    pub secret: String,
    /// The secret in groups, for those who type it.
    pub spaced: String,
    pub uri: String,
    /// The secret, sealed for this person and dated.
    pub offer: String,
    pub errors: Errors,
}

/// The only time that recovery codes are shown.
#[derive(Template)]
#[template(path = "recovery_codes.html")]
pub struct RecoveryCodesPage {
    pub nav: Nav,
    pub codes: Vec<String>,
    /// All of them, as they are copied and downloaded.
    pub text: String,
    pub is_new: bool,
}

impl RecoveryCodesPage {
    fn new(member: &SignedIn, codes: Vec<String>, is_new: bool) -> Self {
        let about = format!("Recovery codes of {} for ChatForge. Each works once.", member.0.user.email);
        let text = format!("{about}\n\n{}\n", codes.join("\n"));
        Self { nav: member.nav(Section::Settings), codes, text, is_new }
    }

    /// A link that is a file, so that no second page has to show them.
    pub fn download(&self) -> String {
        let text: String = url::form_urlencoded::byte_serialize(self.text.as_bytes()).collect();
        format!("data:text/plain;charset=utf-8,{}", text.replace('+', "%20"))
    }
}

/// `GET /settings/security/two-step` offers a new secret each time; nothing is kept of it.
pub async fn show(State(app): State<App>, ProvenPage(member): ProvenPage) -> Result<Response> {
    let (account, user) = (member.0.account.id.clone(), member.0.user.id.clone());
    if app.store.two_step(account, user).await?.is_some() {
        return Ok(NothingDone::by(back("")));
    }
    let page = page(&app, &member, totp::generate(&app.world), Errors::default());
    Ok(Page(page).into_response())
}

pub async fn enable(State(app): State<App>, headers: HeaderMap, form: ProvenForm) -> Result<Response> {
    let ProvenForm { member, fields } = form;
    let user = &member.0.user;
    let again = |secret, field, message: &str| {
        let page = page(&app, &member, secret, Errors::of_field(field, message));
        Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
    };
    let Some(secret) = offered(&app, user, fields.text("offer")) else {
        return again(totp::generate(&app.world), "", "That took too long. Scan the new code below.");
    };
    let code = totp::read(fields.text("code"));
    let Some(step) = code.and_then(|code| totp::step(&secret, &code, app.world.now())) else {
        return again(secret, "code", "is not the current code. Check your phone’s clock");
    };
    let (codes, hashes) = draw_codes(&app);
    let sealed = app.vault.seal(&app.world, &secret, &place::of_two_step(&user.id));
    let (session, cookie) = renewal(&app, &headers)?;
    match app.store.enable_two_step(user.account.clone(), user.id.clone(), sealed, step, hashes, session).await {
        Err(storage::Error::Conflict) => return Ok(NothingDone::by(back(""))),
        done => done?,
    }
    Ok(([(header::SET_COOKIE, cookie)], Page(RecoveryCodesPage::new(&member, codes, true))).into_response())
}

pub async fn renew_codes(State(app): State<App>, ProvenForm { member, .. }: ProvenForm) -> Result<Response> {
    let user = &member.0.user;
    let (codes, hashes) = draw_codes(&app);
    match app.store.renew_recovery_codes(user.account.clone(), user.id.clone(), hashes).await {
        Err(storage::Error::NotFound) => Ok(NothingDone::by(back(""))),
        done => {
            done?;
            Ok(Page(RecoveryCodesPage::new(&member, codes, false)).into_response())
        }
    }
}

pub async fn disable(State(app): State<App>, headers: HeaderMap, ProvenNow(form): ProvenNow) -> Result<Response> {
    let user = &form.member.0.user;
    let (session, cookie) = renewal(&app, &headers)?;
    match app.store.disable_two_step(user.account.clone(), user.id.clone(), session).await {
        Err(storage::Error::NotFound) => Ok(NothingDone::by(back(""))),
        done => {
            done?;
            Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), back("?done=two-step-off")).into_response())
        }
    }
}

fn back(query: &str) -> Response {
    Redirect::to(&format!("/settings/security{query}")).into_response()
}

/// Another token for the session at hand, and its cookie.
fn renewal(app: &App, headers: &HeaderMap) -> Result<(Renewal, String)> {
    let old = own_hash(app, headers).ok_or(PageError::SignIn)?;
    let (new, cookie) = session::draw(app);
    Ok((Renewal { old, new }, cookie))
}

fn draw_codes(app: &App) -> (Vec<String>, Vec<[u8; 32]>) {
    let codes = recovery::draw(&app.world);
    let hashes = codes.iter().filter_map(|code| recovery::hash(code)).collect();
    (codes, hashes)
}

fn page(app: &App, member: &SignedIn, secret: String, errors: Errors) -> TwoStepPage {
    let user = &member.0.user;
    let uri = totp::uri(&secret, &user.email).unwrap_or_default();
    let groups = secret.as_bytes().chunks(GROUP_CHARS).map(String::from_utf8_lossy).collect::<Vec<_>>();
    TwoStepPage {
        nav: member.nav(Section::Settings),
        qr: Qr::new(&uri),
        spaced: groups.join(" "),
        offer: offer(app, user, &secret),
        uri,
        secret,
        errors,
    }
}

fn offer(app: &App, user: &User, secret: &str) -> String {
    let text = format!("{secret} {}", app.world.now().ms());
    URL_SAFE_NO_PAD.encode(app.vault.seal(&app.world, &text, &place::of_two_step_offer(&user.id)))
}

fn offered(app: &App, user: &User, offer: &str) -> Option<String> {
    let sealed = URL_SAFE_NO_PAD.decode(offer).ok()?;
    let text = app.vault.open(&sealed, &place::of_two_step_offer(&user.id)).ok()?;
    let (secret, made_ms) = text.split_once(' ')?;
    let age_ms = app.world.now().ms() - made_ms.parse::<i64>().ok()?;
    (0..OFFER_AGE_MS).contains(&age_ms).then(|| secret.to_owned())
}

/// Of a person whose secret cannot be opened, which only the recovery codes get past.
pub fn unreadable(user: &User) -> ApiError {
    tracing::error!(user = %user.id, "the secret of a two-step sign-in cannot be opened with this master key");
    ApiError::internal()
}
