//! How somebody signs in: e-mail address, password, two-step sign-in, and where they are signed in.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::auth::own_words::Whose;
use crate::auth::{hex, password, recovery};
use crate::domain::account::User;
use crate::domain::account::email_address;
use crate::domain::team::ADDRESS_TAKEN;
use crate::domain::time::DAY_MS;
use crate::limits::Window;
use crate::storage::{self, OpenSession, TwoStep};
use crate::web::App;
use crate::web::audit::{RefusedSignIn, Told, tell};
use crate::web::client::ClientAddress;
use crate::web::dashboard::Page;
use crate::web::dashboard::auth::hashed;
use crate::web::dashboard::display::{When, browser};
use crate::web::dashboard::error::{PageError, Result};
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::proof::ProvenForm;
use crate::web::dashboard::session::{self, SignedForm, SignedIn, own_hash};
use crate::web::dashboard::tries::{self, Attempt};
use crate::web::error::ApiError;

/// So few recovery codes are left that new ones should be drawn.
const CODES_FEW: usize = 3;

#[derive(Template)]
#[template(path = "security.html")]
pub struct SecurityPage {
    pub nav: Nav,
    pub email: EmailForm,
    pub password_errors: Errors,
    /// None where it is off.
    pub two_step: Option<TwoStepCard>,
    pub sessions: Vec<SessionRow>,
}

/// The value of `POST /settings/security/email`.
pub struct EmailForm {
    pub email: String,
    pub errors: Errors,
}

pub struct TwoStepCard {
    pub since: When,
    pub codes_left: usize,
    pub codes_max: usize,
    pub are_few: bool,
}

pub struct SessionRow {
    /// The hash of its token, which opens nothing.
    pub id: String,
    pub browser: String,
    pub address: String,
    pub opened: When,
    pub seen: When,
    /// This page was asked for in it.
    pub own: bool,
}

pub async fn show(
    member: SignedIn,
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response> {
    let mut page = page(&app, &member, &headers).await?;
    page.nav.flash = query.get("done").and_then(|done| flash(done)).map(str::to_owned);
    Ok(Page(page).into_response())
}

/// An answer tells whether somebody on this server has an address; nobody needs many.
pub const EMAIL_CHANGES: Window = Window { limit: 10, span_ms: DAY_MS };

pub async fn change_email(State(app): State<App>, headers: HeaderMap, form: ProvenForm) -> Result<Response> {
    let ProvenForm { member, fields } = form;
    let (typed, user) = (fields.text("email"), &member.0.user);
    app.count("email-of", user.id.as_str(), &[EMAIL_CHANGES])?;
    let message = match email_address(typed) {
        Ok(email) => match app.store.set_email(user.account.clone(), user.id.clone(), email.clone()).await {
            Err(storage::Error::Conflict) => ADDRESS_TAKEN.to_owned(),
            done => {
                done?;
                return Ok(tell(back("email"), Told::of(&user.id, &format!("{} to {email}", user.email))));
            }
        },
        Err(message) => message,
    };
    let mut page = page(&app, &member, &headers).await?;
    page.email = EmailForm { email: typed.to_owned(), errors: Errors::of_field("email", message) };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

/// Ends every session and opens a new one here: whoever knew the old password is out.
pub async fn change_password(
    State(app): State<App>,
    address: ClientAddress,
    headers: HeaderMap,
    form: SignedForm,
) -> Result<Response> {
    let SignedForm { member, fields } = form;
    let new = fields.text("new_password");
    let user = member.0.user.clone();
    if let Err(message) = password::check(new, &whose(&member)) {
        let mut page = page(&app, &member, &headers).await?;
        page.password_errors = Errors::of_field("new_password", message);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response());
    }
    let attempt = Attempt::proving(&app, &headers, &user, false);
    if let Err(refused) = tries::password(&app, &attempt, fields.text("password"), Some(&user.password_hash)).await? {
        let mut page = page(&app, &member, &headers).await?;
        page.password_errors = Errors::of_field("password", refused.message("is not your password"));
        return Ok(RefusedSignIn::of(user, refused.answer(Page(page))));
    }
    let hash = hashed(&app, new.to_owned()).await?;
    app.store.set_password(user.clone(), hash.clone()).await?;
    let cookie = session::open(&app, User { password_hash: hash, ..user }, address, &headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], back("password")).into_response())
}

fn whose(member: &SignedIn) -> Whose<'_> {
    Whose { email: &member.0.user.email, name: &member.0.user.name, account: &member.0.account.name }
}

/// Ends the session that the form names, or all but this one.
pub async fn end_sessions(State(app): State<App>, headers: HeaderMap, form: SignedForm) -> Result<Response> {
    let (account, user) = (form.member.0.account.id, form.member.0.user.id);
    let own = own_hash(&app, &headers).ok_or(PageError::SignIn)?;
    match form.fields.text("session") {
        "others" => app.store.end_other_sessions(account, user, own).await?,
        id => app.store.end_session(account, user, hash_of(id).ok_or_else(ApiError::not_found)?).await?,
    }
    Ok(back("ended"))
}

fn hash_of(id: &str) -> Option<[u8; 32]> {
    let pairs = (0..id.len()).step_by(2).map(|at| id.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()));
    pairs.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

fn back(done: &str) -> Response {
    Redirect::to(&format!("/settings/security?done={done}")).into_response()
}

fn flash(done: &str) -> Option<&'static str> {
    Some(match done {
        "email" => "Address changed. Sign in with it from now on.",
        "password" => "Password changed. You’re signed out everywhere else.",
        "two-step-off" => "Two-step sign-in is off. You’re signed out everywhere else.",
        "ended" => "Session signed out.",
        _ => return None,
    })
}

async fn page(app: &App, member: &SignedIn, headers: &HeaderMap) -> Result<SecurityPage> {
    let (account, user) = (&member.0.account.id, &member.0.user);
    let own = own_hash(app, headers);
    let sessions = app.store.open_sessions(account.clone(), user.id.clone()).await?;
    let two_step = app.store.two_step(account.clone(), user.id.clone()).await?;
    Ok(SecurityPage {
        nav: member.nav(Section::Settings),
        email: EmailForm { email: user.email.clone(), errors: Errors::default() },
        password_errors: Errors::default(),
        two_step: two_step.as_ref().map(TwoStepCard::new),
        sessions: sessions.into_iter().map(|one| SessionRow::new(one, own)).collect(),
    })
}

impl TwoStepCard {
    fn new(two_step: &TwoStep) -> Self {
        Self {
            since: When::new(two_step.enabled_at),
            codes_left: two_step.codes_left,
            codes_max: recovery::COUNT,
            are_few: two_step.codes_left <= CODES_FEW,
        }
    }
}

impl SessionRow {
    fn new(session: OpenSession, own: Option<[u8; 32]>) -> Self {
        Self {
            id: hex(&session.token_hash),
            browser: browser(&session.user_agent),
            address: session.address,
            opened: When::new(session.created_at),
            seen: When::new(session.seen_at),
            own: own == Some(session.token_hash),
        }
    }
}
