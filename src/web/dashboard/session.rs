//! Who is signed in, and proof that a form was sent from one of our own pages.

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use serde_json::{Map, Value};

use crate::auth;
use crate::domain::account::User;
use crate::domain::agent::Agent;
use crate::domain::id::{AccountId, AgentId};
use crate::domain::time::HOUR_MS;
use crate::storage::{self, Member, NewSession};
use crate::web::App;
use crate::web::body::Whole;
use crate::web::client::{ClientAddress, address, is_own_page, user_agent};
use crate::web::dashboard::cookie::SESSION;
use crate::web::dashboard::error::{PageError, Result};
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::next::Next;
use crate::web::dashboard::notices::{self, Notice};
use crate::web::error::ApiError;
use crate::web::extract::path_id;

/// Nobody who is not signed in has much to say.
const OPEN_FORM_BYTES_MAX: usize = 16 * 1024;
/// A knowledge entry of 50,000 characters, each of them percent-encoded.
const FORM_BYTES_MAX: usize = 1024 * 1024;
/// An agent's file of four megabytes, percent-encoded.
const LARGE_FORM_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The page with the most, an agent's looks, has some three hundred.
const FIELDS_MAX: usize = 1_000;
const FORM_AGE_MS: i64 = 12 * HOUR_MS;

/// A signed-in person, and what every page tells their team.
pub struct SignedIn(pub Member, Vec<Notice>, i64);

impl SignedIn {
    pub fn nav(&self, section: Section) -> Nav {
        Nav {
            section,
            account: self.0.account.name.clone(),
            email: self.0.user.email.clone(),
            role: self.0.user.role,
            csrf: self.0.csrf.clone(),
            flash: None,
            wanting: self.2,
            notices: self.1.clone(),
        }
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let member = member(parts, app).await?;
        let troubled = app.store.troubled_webhooks(member.account.id.clone()).await;
        let mut told: Vec<_> = damage(app, &member).await.into_iter().collect();
        match troubled {
            Ok(troubled) => told.extend(troubled.iter().map(notices::of)),
            // The page may still be readable, and that it is damaged is told already.
            Err(storage::Error::Corrupt(_)) if !told.is_empty() => {}
            Err(error) => return Err(error.into()),
        }
        let wanting = match app.store.wanting_count(member.account.id.clone()).await {
            Err(storage::Error::Corrupt(_)) if !told.is_empty() => 0,
            wanting => wanting?,
        };
        Ok(Self(member, told, wanting))
    }
}

async fn damage(app: &App, member: &Member) -> Option<Notice> {
    app.store.damage()?;
    let keeps_server = app.store.keeps_server(member.user.id.clone()).await.unwrap_or_default();
    notices::of_damage(&app.store, keeps_server)
}

/// Whose session a request belongs to. The dashboard's guard asks once, and leaves the answer with the request.
pub async fn find(parts: &Parts, app: &App) -> Result<Option<Member>> {
    let Some(token_hash) = own_hash(app, &parts.headers) else { return Ok(None) };
    Ok(app.store.member(token_hash).await?)
}

async fn member(parts: &Parts, app: &App) -> Result<Member> {
    match parts.extensions.get::<Member>() {
        Some(member) => Ok(member.clone()),
        None => find(parts, app).await?.ok_or_else(|| sign_in_first(parts)),
    }
}

/// Leads back to the page; a form that was sent cannot be sent again by it.
pub fn sign_in_first(parts: &Parts) -> PageError {
    if parts.method != Method::GET {
        return PageError::SignIn;
    }
    Next::parse(parts.uri.path_and_query().map_or("/", |path| path.as_str())).detour("/login")
}

/// A page that listens for news. Its session is looked at again and again, for it may end while the page stands open.
pub struct Listening {
    pub account: AccountId,
    token_hash: [u8; 32],
}

impl FromRequestParts<App> for Listening {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let account = member(parts, app).await?.account.id;
        let token_hash = own_hash(app, &parts.headers).ok_or(PageError::SignIn)?;
        Ok(Self { account, token_hash })
    }
}

impl Listening {
    pub async fn goes_on(&self, app: &App) -> bool {
        app.store.member(self.token_hash).await.is_ok_and(|member| member.is_some())
    }
}

/// The agent of the path, if it is the signed-in account's.
pub struct OwnAgent(pub Agent);

impl FromRequestParts<App> for OwnAgent {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let member = member(parts, app).await?;
        let params = RawPathParams::from_request_parts(parts, app).await.map_err(|_| ApiError::not_found())?;
        let id: AgentId = path_id(&params, "agent", ApiError::not_found)?;
        Ok(Self(app.store.agent(member.account.id, id).await?))
    }
}

/// The fields of a form.
#[derive(Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Large forms are taken apart like other large bodies; more fields than any page has are not taken apart at all.
    async fn read(app: &App, body: Whole) -> Result<Self> {
        let parse = |body: &[u8]| url::form_urlencoded::parse(body).into_owned().take(FIELDS_MAX + 1).collect::<Vec<_>>();
        let fields = app.bodies.parse(body, parse).await?;
        if fields.len() <= FIELDS_MAX {
            return Ok(Self(fields));
        }
        let message = format!("The form has more than {FIELDS_MAX} fields.");
        Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_error", message).into())
    }

    pub fn text(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// The fields as the API would have got them: its name, then the form's.
    pub fn object(&self, names: &[(&str, &str)]) -> Map<String, Value> {
        names.iter().map(|(name, field)| ((*name).to_owned(), self.text(field).into())).collect()
    }

    /// What a page in between keeps of a form, to send it again: all but what that page asks for itself.
    pub fn carried(&self) -> Vec<(String, String)> {
        self.0.iter().filter(|(name, _)| !matches!(name.as_str(), "csrf" | "proof")).cloned().collect()
    }

    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// A form that a signed-in person sent from our own page.
pub struct SignedForm {
    pub member: SignedIn,
    pub fields: Fields,
}

impl FromRequest<App> for SignedForm {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        Self::read(request, app, FORM_BYTES_MAX).await
    }
}

impl SignedForm {
    async fn read(request: Request, app: &App, bytes_max: usize) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        let member = SignedIn::from_request_parts(&mut parts, app).await?;
        check_origin(app, &parts.headers)?;
        let body = app.bodies.read(body, member.0.account.id.as_str(), bytes_max).await?;
        let fields = Fields::read(app, body).await?;
        if !auth::same(fields.text("csrf").as_bytes(), member.0.csrf.as_bytes()) {
            return Err(foreign_form());
        }
        Ok(Self { member, fields })
    }
}

/// A form that carries a whole agent.
pub struct LargeForm(pub SignedForm);

impl FromRequest<App> for LargeForm {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        SignedForm::read(request, app, LARGE_FORM_BYTES_MAX).await.map(Self)
    }
}

/// A form of somebody who is not signed in yet: its token is signed and dated instead of belonging to a session.
pub struct OpenForm {
    pub fields: Fields,
    pub address: ClientAddress,
    pub headers: HeaderMap,
}

impl FromRequest<App> for OpenForm {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (parts, body) = request.into_parts();
        check_origin(app, &parts.headers)?;
        let read = app.bodies.read(body, "open-form", OPEN_FORM_BYTES_MAX).await;
        let body = read.map_err(|error| match error.status {
            StatusCode::PAYLOAD_TOO_LARGE => too_long(),
            _ => error,
        })?;
        let fields = Fields::read(app, body).await?;
        if !is_form_token(app, fields.text("csrf")) {
            return Err(foreign_form());
        }
        let address = ClientAddress(address(&parts, &app.config.server));
        Ok(Self { fields, address, headers: parts.headers })
    }
}

fn too_long() -> ApiError {
    let message = "Your input is too long. A password can have up to 256 characters.";
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_error", message)
}

pub fn form_token(app: &App) -> String {
    app.sessions.sign(format!("form {}", app.world.now().ms()).as_bytes())
}

fn is_form_token(app: &App, token: &str) -> bool {
    let opened = app.sessions.open(token).and_then(|bytes| String::from_utf8(bytes).ok());
    let made_ms = opened.and_then(|text| text.strip_prefix("form ")?.parse::<i64>().ok());
    made_ms.is_some_and(|made_ms| app.world.now().ms() - made_ms < FORM_AGE_MS)
}

/// Browsers say whether one of our own pages sent a form; older ones name its origin.
fn check_origin(app: &App, headers: &HeaderMap) -> Result<()> {
    let own = match headers.get("sec-fetch-site").and_then(|value| value.to_str().ok()) {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => !headers.contains_key(header::ORIGIN) || is_own_page(app, headers),
    };
    if own { Ok(()) } else { Err(foreign_form()) }
}

fn foreign_form() -> PageError {
    ApiError::forbidden("This form has expired. Go back, reload and try again.").into()
}

/// Opens a session for `user`, and gives the cookie that stands for it.
pub async fn open(app: &App, user: User, address: ClientAddress, headers: &HeaderMap) -> Result<String> {
    let (token_hash, cookie) = draw(app);
    let session = NewSession {
        token_hash,
        csrf: auth::token::generate(&app.world),
        address: address.bucket(),
        user_agent: user_agent(headers).unwrap_or_default(),
    };
    app.store.create_session(user, session).await?;
    Ok(cookie)
}

/// A token that nobody has yet: what the store keeps of it, and the cookie that carries it.
pub fn draw(app: &App) -> ([u8; 32], String) {
    let token = auth::token::generate(&app.world);
    (auth::hash(&token), SESSION.write(app, &token, None))
}

/// Ends the session; the cookie given back removes the browser's.
pub async fn end(app: &App, headers: &HeaderMap) -> Result<String> {
    if let Some(token_hash) = own_hash(app, headers) {
        app.store.delete_session(token_hash).await?;
    }
    Ok(SESSION.remove(app))
}

/// The session that a response opens in the browser.
pub fn opened(app: &App, headers: &HeaderMap) -> Option<[u8; 32]> {
    SESSION.written(app, headers).map(auth::hash)
}

/// Which of the sessions in the store a request belongs to.
pub fn own_hash(app: &App, headers: &HeaderMap) -> Option<[u8; 32]> {
    SESSION.read(app, headers).map(auth::hash)
}
