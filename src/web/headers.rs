//! What every response carries, and the line that every request leaves in the log.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use crate::domain::id::ALPHABET;
use crate::web::App;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_CHARS_MAX: usize = 64;

/// Pages may load what this server serves, and nothing else.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

/// No page asks for a device, and nothing in one may.
const NO_DEVICES: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
    microphone=(), midi=(), payment=(), usb=()";

/// For a year; of this host alone, for others below its domain are not ours to speak for.
const HTTPS_ONLY: &str = "max-age=31536000";

/// The name under which a request is found in the log.
#[derive(Clone)]
pub struct RequestId(pub String);

pub async fn dress(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&app, request.headers());
    request.extensions_mut().insert(RequestId(id.clone()));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::error_span!("request", id);
    let mut response = next.run(request).instrument(span).await;
    secure(response.headers_mut(), app.is_https());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let (status, ms) = (response.status().as_u16(), started.elapsed().as_millis());
    if status >= 500 {
        tracing::warn!(id, %method, path, status, ms, "request failed");
    } else {
        tracing::debug!(id, %method, path, status, ms, "request");
    }
    response
}

/// A well-formed id of the caller's is kept, so that both logs can be joined.
fn request_id(app: &App, headers: &HeaderMap) -> String {
    let sent = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let well_formed = |id: &&str| {
        (1..=REQUEST_ID_CHARS_MAX).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    sent.filter(well_formed).map_or_else(|| format!("req_{}", app.world.pick(ALPHABET, 16)), str::to_owned)
}

/// A handler that set one of these knows better.
fn secure(headers: &mut HeaderMap, is_https: bool) {
    let html = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let private = html || headers.contains_key(header::CONTENT_DISPOSITION) || headers.contains_key(header::SET_COOKIE);
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::REFERRER_POLICY, "same-origin");
    // What other people's pages may load says so itself.
    default(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if is_https {
        default(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    if private {
        default(header::CACHE_CONTROL, "no-store");
    }
    if html {
        default(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
        // For browsers that do not know the policy's `frame-ancestors`.
        default(header::X_FRAME_OPTIONS, "DENY");
        default(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
        default(HeaderName::from_static("permissions-policy"), NO_DEVICES);
    }
}
