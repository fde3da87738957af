//! The way into the API: key, rate limit, then the request; and the row that it leaves in the activity log.

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
use crate::web::caller::ApiCaller;
use crate::web::client::{self, ClientAddress};
use crate::web::error::{ApiError, Result};
use crate::web::headers::RequestId;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

pub async fn api(State(app): State<App>, request: Request, next: Next) -> Response {
    let started_ms = app.world.instant_ms();
    let (mut parts, body) = request.into_parts();
    let caller = match identify(&app, &parts).await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let (seen, key_use) = (Seen::of(&app, &parts, started_ms), KeyUse::of(&app, &parts));
    let mut response = if caller.verdict.allowed {
        parts.extensions.insert(caller.clone());
        let request = Request::from_parts(parts, body);
        match key_use {
            Some(key_use) => changed(&app, &caller, key_use, next, request).await,
            None => next.run(request).await,
        }
    } else {
        ApiError::rate_limited(caller.verdict.retry_after_seconds()).into_response()
    };
    show_limits(response.headers_mut(), &caller.verdict, &app);
    seen.log(&app, &caller, response.status().as_u16());
    response
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
    let address = ClientAddress(client::address(parts, &app.config.server.trusted_proxies));
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
    let verdict = app.strangers.admit(&failure_key(address), app.world.instant_ms(), &failures(app));
    if verdict.allowed { ApiError::unauthorized() } else { ApiError::rate_limited(verdict.retry_after_seconds()) }
}

fn failure_key(address: ClientAddress) -> String {
    format!("refused:{}", address.bucket())
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
            address: client::address(parts, &app.config.server.trusted_proxies).to_string(),
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
