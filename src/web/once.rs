//! `Idempotency-Key`: a POST that is sent again takes effect once, and gets its first answer.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::domain::Rejection;
use crate::domain::id::KeyId;
use crate::domain::place;
use crate::storage::{Earlier, Keep, KeptAnswer, OnceKey};
use crate::web::App;
use crate::web::body::{BULK_BYTES_MAX, Whole};
use crate::web::caller::ApiCaller;
use crate::web::error::{ApiError, Result};

const KEY: &str = "idempotency-key";
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const KEY_CHARS_MAX: usize = 255;

/// The keys whose requests are being carried out at this moment.
#[derive(Clone, Default)]
pub struct Running(Arc<Mutex<HashSet<(KeyId, String)>>>);

/// Inside the gate: who asks is known.
pub async fn guard(State(app): State<App>, caller: ApiCaller, request: Request, next: Next) -> Result<Response> {
    let Some(key) = key(request.method(), request.headers())? else { return Ok(next.run(request).await) };
    let (mut parts, body) = request.into_parts();
    let whole = app.bodies.read(body, caller.account.id.as_str(), BULK_BYTES_MAX).await?;
    let once = OnceKey {
        account: caller.account_id(),
        api_key: caller.key.id.clone(),
        key,
        fingerprint: fingerprint(&app, &parts, whole.clone()).await?,
    };
    let _running = app
        .running
        .enter(&once)
        .ok_or_else(|| ApiError::conflict("A request with this Idempotency-Key is still in progress."))?;
    match app.store.earlier_answer(once.clone()).await? {
        Earlier::Same(answer) => return replay(&app, &once, answer),
        Earlier::OtherRequest => return Err(Rejection::one("Idempotency-Key", "was already used for a different request").into()),
        Earlier::None => {}
    }
    parts.extensions.insert(once);
    parts.extensions.insert(whole);
    Ok(next.run(Request::from_parts(parts, Body::empty())).await)
}

fn key(method: &Method, headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get(KEY).filter(|_| method == Method::POST) else { return Ok(None) };
    let visible = |text: &&str| text.bytes().all(|b| matches!(b, b' '..=b'~')) && (1..=KEY_CHARS_MAX).contains(&text.len());
    let text = value.to_str().ok().filter(visible);
    let text = text.ok_or_else(|| ApiError::bad_request("Idempotency-Key must be 1 to 255 visible characters."))?;
    Ok(Some(text.to_owned()))
}

async fn fingerprint(app: &App, parts: &Parts, body: Whole) -> Result<[u8; 32]> {
    let path = parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |uri| &uri.0).path();
    let head = format!("{} {path}\0", parts.method);
    app.bodies.parse(body, move |bytes| Sha256::new().chain_update(head).chain_update(bytes).finalize().into()).await
}

fn replay(app: &App, once: &OnceKey, answer: KeptAnswer) -> Result<Response> {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let body = app.vault.open(&answer.body, &place::of_answer(&once.account, &once.api_key, &once.key)).map_err(|error| {
        tracing::error!(%error, "a stored response cannot be decrypted");
        ApiError::internal()
    })?;
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    if let Some(location) = answer.location.and_then(|location| HeaderValue::from_str(&location).ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// The key of this request, if it has one; the store keeps the answer under it.
pub struct Once(Option<(OnceKey, App)>);

impl FromRequestParts<App> for Once {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Infallible> {
        Ok(Self(parts.extensions.get().cloned().map(|once| (once, app.clone()))))
    }
}

impl Once {
    /// Keeps what `render` makes of the effect: status, address of the new resource, body.
    pub fn keep<T, B: Serialize>(self, render: impl FnOnce(&T) -> (StatusCode, Option<String>, B) + Send + 'static) -> Keep<T> {
        let Some((once, app)) = self.0 else { return Keep::nothing() };
        let place = place::of_answer(&once.account, &once.api_key, &once.key);
        let kept = move |made: &T| {
            let (status, location, body) = render(made);
            let body = serde_json::to_string(&body).unwrap_or_default();
            KeptAnswer { status: status.as_u16(), location, body: app.vault.seal(&app.world, &body, &place) }
        };
        Keep(Some((once, Box::new(kept))))
    }
}

impl Running {
    fn enter(&self, once: &OnceKey) -> Option<Place> {
        let key = (once.api_key.clone(), once.key.clone());
        let entered = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        entered.then(|| Place { running: self.clone(), key })
    }
}

/// Given back when the request is over, however it ends.
struct Place {
    running: Running,
    key: (KeyId, String),
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
