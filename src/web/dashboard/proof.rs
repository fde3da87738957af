//! A proof of who somebody is, for what must not be done with a session that somebody else has got hold of.
//!
//! `ProvenForm` and `ProvenNow` stand in the place of `SignedForm`, `ProvenPage` in that of `SignedIn`.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{FromRequest, FromRequestParts, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use crate::auth::totp;
use crate::domain::time::MINUTE_MS;
use crate::storage::TwoStep;
use crate::web::App;
use crate::web::audit::RefusedSignIn;
use crate::web::dashboard::Page;
use crate::web::dashboard::error::{PageError, Result};
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::next::Next;
use crate::web::dashboard::session::{Fields, SignedForm, SignedIn, own_hash};
use crate::web::dashboard::tries::{self, Attempt, Refused};
use crate::web::error::ApiError;

/// How long a proof holds; signing in is one.
const AGE_MS: i64 = 10 * MINUTE_MS;
/// Of a form that is kept while its sender proves who they are.
const CARRIED_BYTES_MAX: usize = 64 * 1024;

const PAGE: &str = "/confirm";

/// How often a form asks for a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    NowAndThen,
    EachTime,
}

/// A form of somebody who proved a short while ago who they are, or does so with it, in its field `proof`. From anybody
/// else it is answered with a page that asks for the proof and then sends the same form again.
pub struct ProvenForm {
    pub member: SignedIn,
    pub fields: Fields,
}

impl FromRequest<App> for ProvenForm {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        Self::read(request, app, Asks::NowAndThen).await
    }
}

/// The same of somebody who proves it with this very form, whatever they proved a moment ago: for what outlasts a session.
pub struct ProvenNow(pub ProvenForm);

impl FromRequest<App> for ProvenNow {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        ProvenForm::read(request, app, Asks::EachTime).await.map(Self)
    }
}

impl ProvenForm {
    async fn read(request: Request, app: &App, asks: Asks) -> Result<Self> {
        let action = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let headers = request.headers().clone();
        let SignedForm { member, fields } = SignedForm::from_request(request, app).await?;
        if asks == Asks::NowAndThen && is_proven(app, &member) {
            return Ok(Self { member, fields });
        }
        let refused = match fields.text("proof") {
            "" => None,
            proof => match prove(app, &member, &headers, proof).await? {
                Ok(()) => return Ok(Self { member, fields }),
                Err(refused) => Some(refused),
            },
        };
        let carried = fields.carried();
        if CARRIED_BYTES_MAX < carried.iter().map(|(name, value)| name.len() + value.len()).sum() {
            return Err(ApiError::payload_too_large(CARRIED_BYTES_MAX).into());
        }
        let page = ProofPage { asks, ..ProofPage::new(app, &member, action, carried).await? };
        let was_refused = refused.is_some();
        let answer = asked(page, refused);
        let answer = if was_refused { RefusedSignIn::of(member.0.user, answer) } else { answer };
        Err(PageError::Shown(Box::new(answer)))
    }
}

/// Who looks at a page that is only for those who proved a short while ago who they are; others do so first.
pub struct ProvenPage(pub SignedIn);

impl FromRequestParts<App> for ProvenPage {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let member = SignedIn::from_request_parts(parts, app).await?;
        if is_proven(app, &member) {
            return Ok(Self(member));
        }
        let next = Next::parse(parts.uri.path_and_query().map_or("/", |path| path.as_str()));
        Err(next.detour(PAGE))
    }
}

#[derive(Template)]
#[template(path = "confirm.html")]
pub struct ProofPage {
    pub nav: Nav,
    pub action: String,
    /// The fields of the form that waits for the proof.
    pub carried: Vec<(String, String)>,
    /// A code is as good as the password.
    pub takes_code: bool,
    pub asks: Asks,
    pub errors: Errors,
}

impl ProofPage {
    async fn new(app: &App, member: &SignedIn, action: String, carried: Vec<(String, String)>) -> Result<Self> {
        let takes_code = two_step(app, member).await?.is_some();
        Ok(Self {
            nav: member.nav(Section::Settings),
            action,
            carried,
            takes_code,
            asks: Asks::NowAndThen,
            errors: Errors::default(),
        })
    }

    async fn leading_to(app: &App, member: &SignedIn, next: &Next) -> Result<Self> {
        Self::new(app, member, PAGE.into(), vec![("next".into(), next.as_str().into())]).await
    }
}

/// `GET /confirm?next=…`
pub async fn show(State(app): State<App>, member: SignedIn, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let next = Next::parse(query.get("next").map_or("", String::as_str));
    Ok(Page(ProofPage::leading_to(&app, &member, &next).await?).into_response())
}

pub async fn create(State(app): State<App>, headers: HeaderMap, SignedForm { member, fields }: SignedForm) -> Result<Response> {
    let next = Next::parse(fields.text("next"));
    Ok(match prove(&app, &member, &headers, fields.text("proof")).await? {
        Ok(()) => Redirect::to(next.as_str()).into_response(),
        Err(refused) => {
            let page = ProofPage::leading_to(&app, &member, &next).await?;
            RefusedSignIn::of(member.0.user, asked(page, Some(refused)))
        }
    })
}

fn asked(mut page: ProofPage, refused: Option<Refused>) -> Response {
    let Some(refused) = refused else { return (StatusCode::UNAUTHORIZED, Page(page)).into_response() };
    let wrong = if page.takes_code { "Wrong password or code." } else { "Wrong password." };
    page.errors = Errors::of_field("proof", refused.message(wrong));
    refused.answer(Page(page))
}

fn is_proven(app: &App, member: &SignedIn) -> bool {
    // A clock that was set back makes no proof last longer.
    (0..AGE_MS).contains(&app.world.now().since(member.0.proved_at))
}

/// Six digits are no password, for one has eight characters.
async fn prove(app: &App, member: &SignedIn, headers: &HeaderMap, proof: &str) -> Result<std::result::Result<(), Refused>> {
    let user = &member.0.user;
    let two_step = if totp::read(proof).is_some() { two_step(app, member).await? } else { None };
    let attempt = Attempt::proving(app, headers, user, two_step.is_some());
    let tried = match two_step {
        Some(two_step) => tries::code(app, &attempt, user, &two_step, proof).await?,
        None => tries::password(app, &attempt, proof, Some(&user.password_hash)).await?,
    };
    if tried.is_ok() {
        app.store.prove_session(own_hash(app, headers).ok_or(PageError::SignIn)?).await?;
    }
    Ok(tried)
}

async fn two_step(app: &App, member: &SignedIn) -> Result<Option<TwoStep>> {
    Ok(app.store.two_step(member.0.account.id.clone(), member.0.user.id.clone()).await?)
}
