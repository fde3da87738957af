//! What programs of strangers look for at addresses that everybody knows: robots.txt and security.txt.

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::domain::page;
use crate::domain::time::DAY_MS;
use crate::web::App;

const CACHING: &str = "public, max-age=3600";
const TEXT: &str = "text/plain; charset=utf-8";
/// Reckoned anew at each request, so it never runs out; a year is the most that RFC 9116 wants.
const SECURITY_AGE_MS: i64 = 180 * DAY_MS;

/// Search engines may read what explains the server, and load the widget on pages that they look at.
const ROBOTS: &str = "User-agent: *\nAllow: /docs\nAllow: /widget.js\nAllow: /widget/panel-\nAllow: /widget/locale-\nAllow: /assets/\nAllow: /.well-known/\nDisallow: /\n";

pub fn router() -> Router<App> {
    Router::new().route("/robots.txt", get(robots)).route("/.well-known/security.txt", get(security))
}

/// The path is in each line: passed on from the root of a site, it must not speak for the whole site.
async fn robots(State(app): State<App>) -> Response {
    text(ROBOTS.replace(": /", &format!(": {}/", app.config.path())))
}

/// RFC 9116.
async fn security(State(app): State<App>) -> Response {
    let base = app.config.public_url();
    // Known addresses stand at the root of a host; behind a path, whoever keeps the site passes them on.
    let root = page::origin(base).unwrap_or_else(|| base.to_owned());
    let policy = format!("{base}/docs/security");
    let contact = match app.config.server.security_contact.as_str() {
        "" => format!("{policy}#reporting-a-vulnerability"),
        contact => contact.to_owned(),
    };
    let expires = app.world.now().plus_ms(SECURITY_AGE_MS);
    text(format!(
        "Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en\nCanonical: {root}/.well-known/security.txt\nPolicy: {policy}\n"
    ))
}

fn text(body: String) -> Response {
    ([(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, CACHING)], body).into_response()
}
