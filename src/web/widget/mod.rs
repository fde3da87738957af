//! What websites call: strangers' browsers, on pages of other people.

mod boot;
mod close;
mod events;
mod feedback;
mod installations;
mod leads;
mod messages;
mod session;
mod stop;
mod typing;
mod view;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::domain::id::VisitorId;
use crate::domain::time::MINUTE_MS;
use crate::limits::Window;
use crate::web::App;
use crate::web::client::ClientAddress;
use crate::web::error::{self, Result};

pub fn router() -> Router<App> {
    let wire = Router::new()
        .route("/boot", post(boot::create))
        .route("/messages", post(messages::create))
        .route("/events", get(events::stream))
        .route("/leads", post(leads::create))
        .route("/feedback", post(feedback::create))
        .route("/close", post(close::create))
        .route("/stop", post(stop::create))
        .route("/typing", post(typing::create))
        .fallback(error::unknown_path)
        .method_not_allowed_fallback(error::wrong_method)
        .layer(middleware::from_fn(share));
    Router::new().nest("/widget/v1", wire)
}

/// Any website may ask, since the answer is for its visitors; no cookie ever goes along.
async fn share(request: Request, next: Next) -> Response {
    let mut response = match *request.method() {
        Method::OPTIONS => preflight(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After, X-Request-Id"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    response
}

fn preflight() -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    let allowed = HeaderValue::from_static("Accept, Authorization, Content-Type, Last-Event-ID");
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// What a visitor does beside writing: thumbs, closing, listening. Nobody does that often.
const ACTS_PER_VISITOR: Window = Window { limit: 60, span_ms: MINUTE_MS };
const ACTS_PER_ADDRESS: Window = Window { limit: 600, span_ms: MINUTE_MS };

fn limit_acts(app: &App, visitor: &VisitorId, address: ClientAddress) -> Result<()> {
    app.limit("act", visitor.as_str(), &[ACTS_PER_VISITOR])?;
    app.limit_from("act", address, &[ACTS_PER_ADDRESS])
}
