//! A visitor's session: a signed token that vouches for the visitor and for when the panel was opened.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::agent::Agent;
use crate::domain::id::{AgentId, Identifier, VisitorId};
use crate::domain::page::{self, visited};
use crate::domain::time::{DAY_MS, Time};
use crate::web::App;
use crate::web::body::object;
use crate::web::client::{ClientAddress, asking_page, is_own_page, origin, user_agent};
use crate::web::error::{ApiError, Result};
use crate::web::gate::bearer;
use crate::web::trial::Trial;

const BODY_BYTES_MAX: usize = 64 * 1024;
const AGE_MS: i64 = 30 * DAY_MS;

/// How often a stream looks whether its agent still answers.
pub const PING: Duration = Duration::from_secs(15);

/// What a token says; short names, for it travels with every request.
#[derive(Serialize, Deserialize)]
struct Claims {
    a: String,
    v: String,
    o: i64,
    p: Option<String>,
    r: Option<String>,
    /// Sessions of earlier versions have none.
    #[serde(default)]
    l: Option<String>,
    #[serde(default)]
    t: Option<Trial>,
}

#[derive(Clone)]
pub struct Session {
    pub agent: AgentId,
    pub visitor: VisitorId,
    pub opened_at: Time,
    pub page_url: Option<String>,
    pub referrer: Option<String>,
    pub locale: Option<String>,
    pub trial: Option<Trial>,
}

impl Session {
    pub fn token(&self, app: &App) -> String {
        let claims = Claims {
            a: self.agent.to_string(),
            v: self.visitor.to_string(),
            o: self.opened_at.ms(),
            p: self.page_url.clone(),
            r: self.referrer.clone(),
            l: self.locale.clone(),
            t: self.trial,
        };
        app.sessions.sign(&serde_json::to_vec(&claims).unwrap_or_default())
    }

    pub fn open(app: &App, token: &str) -> Option<Self> {
        let claims: Claims = serde_json::from_slice(&app.sessions.open(token)?).ok()?;
        let opened_at = Time::from_ms(claims.o);
        let session = Self {
            agent: AgentId::parse(&claims.a)?,
            visitor: VisitorId::parse(&claims.v)?,
            opened_at,
            page_url: claims.p,
            referrer: claims.r,
            locale: claims.l,
            trial: claims.t,
        };
        (app.world.now().since(opened_at) < AGE_MS).then_some(session)
    }
}

/// A request of the widget: who asks, about which agent, and what was sent.
pub struct Visit {
    pub session: Session,
    pub agent: Agent,
    pub body: Map<String, Value>,
    pub address: ClientAddress,
    pub user_agent: Option<String>,
    pub headers: HeaderMap,
}

impl FromRequest<App> for Visit {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let Sent { headers, address, body } = Sent::from_request(request, app).await?;
        let body = if body.is_empty() { Map::new() } else { object(&body)? };
        // A beacon cannot set headers, so its token comes in the body.
        let token = bearer(&headers).or_else(|| body.get("session").and_then(Value::as_str));
        let mut session = token.and_then(|token| Session::open(app, token)).ok_or_else(no_session)?;
        let agent = active_agent(app, session.agent.clone(), &headers).await?;
        // A session may be older than what its agent's owner keeps of addresses.
        for url in [&mut session.page_url, &mut session.referrer] {
            *url = url.as_deref().and_then(|url| visited(url, &agent.appearance.page_parameters));
        }
        let user_agent = user_agent(&headers);
        Ok(Self { session, agent, body, address, user_agent, headers })
    }
}

/// A request of the widget before its body is understood. Browsers send `text/plain` where a preflight is to be avoided.
pub struct Sent {
    pub headers: HeaderMap,
    pub address: ClientAddress,
    pub body: Bytes,
}

impl FromRequest<App> for Sent {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let address = ClientAddress(crate::web::client::address(&parts, &app.config.server));
        let body = app.bodies.read(body, "widget", BODY_BYTES_MAX).await?.bytes;
        Ok(Self { headers: parts.headers, address, body })
    }
}

fn is_demo_page(app: &App, headers: &HeaderMap) -> bool {
    asking_page(app, headers).is_some_and(|page| page.starts_with("/demo/"))
}

pub fn no_session() -> ApiError {
    ApiError::new(axum::http::StatusCode::UNAUTHORIZED, "unauthorized", "The session has expired; boot again.")
        .with(header::WWW_AUTHENTICATE, "Bearer")
}

/// The agent, if it answers. One that does not cannot be told from none.
pub async fn answering_agent(app: &App, id: AgentId) -> Result<Agent> {
    let found = app.store.embedded_agent(id).await;
    let agent = found.map_err(|error| ApiError::or_missing(error, ApiError::agent_not_found()))?;
    if agent.is_active() { Ok(agent) } else { Err(ApiError::agent_not_found()) }
}

/// The agent, if it answers and may do so on the page that asks.
pub async fn active_agent(app: &App, id: AgentId, headers: &HeaderMap) -> Result<Agent> {
    let agent = answering_agent(app, id).await?;
    // The demo page is for everybody, so it opens no agent that is not.
    if agent.allowed_domains.is_empty() || is_own_page(app, headers) && !is_demo_page(app, headers) {
        return Ok(agent);
    }
    let host = origin(headers).and_then(page::host);
    if host.is_some_and(|host| agent.allows(&host)) {
        return Ok(agent);
    }
    let message = "This agent is not allowed on this website.";
    Err(ApiError::new(axum::http::StatusCode::FORBIDDEN, "domain_not_allowed", message))
}
