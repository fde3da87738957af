//! The way into the API: key, rate limit, permission, then the request; and the row that it leaves in the activity log.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::auth;
use crate::domain::time::{MINUTE_MS, Time};
use crate::limits::{Quota, Verdict, Window};
use crate::storage::ApiRequest;
use crate::web::App;
use crate::web::audit::{self, KeyUse};
use crate::web::body::drop_rest;
use crate::web::caller::ApiCaller;
use crate::web::client::{self, ClientAddress};
use crate::web::error::{ApiError, Result};
use crate::web::headers::RequestId;
use crate::web::permissions::Permissions;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What the gate needs to know of the calls behind it.
#[derive(Clone)]
pub struct Gate {
    app: App,
    permissions: Arc<Permissions>,
}

impl Gate {
    pub fn new(app: &App, permissions: Permissions) -> Self {
        Self { app: app.clone(), permissions: Arc::new(permissions) }
    }

    /// Judged by the head of the request alone.
    fn admit(&self, caller: &ApiCaller, parts: &Parts) -> Result<()> {
        if !caller.verdict.allowed {
            return Err(ApiError::rate_limited(caller.verdict.retry_after_seconds()));
        }
        self.permissions.check(caller, parts)
    }
}

pub async fn api(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let app = &gate.app;
    let started_ms = app.world.instant_ms();
    let (mut parts, body) = request.into_parts();
    let caller = match identify(app, &parts).await {
        Ok(caller) => caller,
        Err(error) => return refused(error, body),
    };
    let (seen, key_use) = (Seen::of(app, &parts, started_ms), KeyUse::of(app, &parts));
    let mut response = match gate.admit(&caller, &parts) {
        Err(error) => refused(error, body),
        Ok(()) => {
            parts.extensions.insert(caller.clone());
            let request = Request::from_parts(parts, body);
            match key_use {
                Some(key_use) => changed(app, &caller, key_use, next, request).await,
                None => next.run(request).await,
            }
        }
    };
    show_limits(response.headers_mut(), &caller.verdict, app);
    seen.log(app, &caller, response.status().as_u16());
    response
}

/// Nothing of the body is looked at.
fn refused(error: ApiError, body: Body) -> Response {
    drop_rest(body);
    error.into_response()
}

/// A caller that hangs up keeps nothing out of the audit log.
async fn changed(app: &App, caller: &ApiCaller, key_use: KeyUse, next: Next, request: Request) -> Response {
    let (app, caller) = (app.clone(), caller.clone());
    audit::to_the_end(async move {
        let response = next.run(request).await;
        if let Some(entry) = key_use.entry(&caller, &response) {
            audit::record_soon(&app, entry).await;
        }
        response
    })
    .await
}

/// The holder of the key, with the place that this request takes in the key's quota.
async fn identify(app: &App, parts: &Parts) -> Result<ApiCaller> {
    let address = ClientAddress(client::address(parts, &app.config.server));
    let Some(key) = bearer(&parts.headers).filter(|key| auth::key::well_formed(key)) else {
        return Err(refuse(app, address));
    };
    let Some((key, account)) = app.store.key_holder(auth::hash(key)).await? else {
        return Err(refuse(app, address));
    };
    let plan = app.plan_of(&account);
    let quota = Quota { per_minute: plan.requests_per_minute, burst_per_second: plan.burst_per_second };
    let verdict = app.requests.admit(&key.id.to_string(), app.world.instant_ms(), &quota.windows());
    app.store.note_key_use(&key, app.world.now());
    Ok(ApiCaller { key, account, plan, verdict })
}

/// The token of the one `Authorization: Bearer` header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (sent.next(), sent.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn failures(app: &App) -> [Window; 1] {
    [Window { limit: app.config.accounts.failed_authentications_per_minute, span_ms: MINUTE_MS }]
}

/// Refused, and after many refusals told to wait. A good key is never made to wait for bad ones beside it.
fn refuse(app: &App, address: ClientAddress) -> ApiError {
    match app.count_from("refused", address, &failures(app)) {
        Ok(()) => ApiError::unauthorized(),
        Err(refused) => ApiError::rate_limited(refused.retry_after_seconds()),
    }
}

fn show_limits(headers: &mut HeaderMap, verdict: &Verdict, app: &App) {
    let reset = verdict.reset_unix_seconds(app.world.instant_ms(), app.world.now());
    headers.insert(LIMIT, HeaderValue::from(verdict.limit));
    headers.insert(REMAINING, HeaderValue::from(verdict.remaining));
    headers.insert(RESET, HeaderValue::from(reset));
}

/// What is known of a request before its handler takes it apart.
struct Seen {
    method: String,
    path: String,
    address: String,
    request_id: String,
    at: Time,
    started_ms: i64,
}

impl Seen {
    fn of(app: &App, parts: &Parts, started_ms: i64) -> Self {
        let original = parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        Self {
            method: parts.method.to_string(),
            path: original.path().to_owned(),
            address: client::address(parts, &app.config.server).to_string(),
            request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
            at: app.world.now(),
            started_ms,
        }
    }

    fn log(self, app: &App, caller: &ApiCaller, status: u16) {
        app.store.log_request(ApiRequest {
            account: caller.account_id(),
            key: caller.key.id.clone(),
            method: self.method,
            path: self.path,
            status,
            duration_ms: app.world.instant_ms() - self.started_ms,
            address: self.address,
            request_id: self.request_id,
            at: self.at,
        });
    }
}
