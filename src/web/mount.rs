//! Where on its host this server stands: at the root, or under the path of `public_url`.
//!
//! A proxy may take the path off what it passes on, or leave it: both are understood. Inside, nobody knows of it but who
//! writes an address for a browser.

use std::sync::Arc;

use axum::Router;
use axum::extract::{OriginalUri, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::{self, Next};
use axum::response::Response;

tokio::task_local! {
    /// The path of the request's server, without a slash at its end.
    static PATH: Arc<str>;
}

/// What every address of ours begins with in a page, before its first slash; nothing at the root.
pub fn path() -> Arc<str> {
    PATH.try_with(Arc::clone).unwrap_or_default()
}

/// Takes the path along into a task of its own.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    PATH.scope(path(), work)
}

/// The router as it answers under a path. Around it and no layer of it, for those see requests that are routed already.
pub fn under(path: &str, router: Router) -> Router {
    if path.is_empty() {
        return router;
    }
    let path: Arc<str> = path.into();
    Router::new().fallback_service(router).layer(middleware::from_fn_with_state(path, enter))
}

async fn enter(State(path): State<Arc<str>>, mut request: Request, next: Next) -> Response {
    if let Some(inner) = inner(&path, request.uri()) {
        request.extensions_mut().insert(OriginalUri(inner.clone()));
        *request.uri_mut() = inner;
    }
    let mut response = PATH.scope(path.clone(), next.run(request)).await;
    lead_here(&path, response.headers_mut());
    response
}

/// The address without the path, if it begins with it; `/chatter` does not begin with `/chat`.
fn inner(path: &str, uri: &Uri) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(path)?;
    let inner = match rest.as_bytes().first() {
        Some(b'/') => PathAndQuery::try_from(rest),
        None | Some(b'?') => PathAndQuery::try_from(format!("/{rest}")),
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(inner.ok()?);
    Uri::from_parts(parts).ok()
}

/// Handlers name paths of this server, and browsers want those of the host.
fn lead_here(path: &str, headers: &mut HeaderMap) {
    let Some(location) = headers.get(header::LOCATION).and_then(|value| value.to_str().ok()) else { return };
    if !location.starts_with('/') || location.starts_with("//") {
        return;
    }
    if let Ok(outer) = HeaderValue::try_from(format!("{path}{location}")) {
        headers.insert(header::LOCATION, outer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_taken_off_where_it_stands_whole() {
        let of = |uri: &str| inner("/chat", &uri.parse().unwrap()).map(|uri| uri.to_string());
        for (uri, expected) in [
            ("/chat", Some("/")),
            ("/chat/", Some("/")),
            ("/chat?x=1", Some("/?x=1")),
            ("/chat/?x=1", Some("/?x=1")),
            ("/chat/agents?q=/chat", Some("/agents?q=/chat")),
            ("/chat/chat/agents", Some("/chat/agents")),
            ("/chat//x", Some("//x")),
            ("http://site.example/chat/login", Some("http://site.example/login")),
            ("/", None),
            ("/agents", None),
            ("/chatter", None),
            ("/chat-2/agents", None),
            ("/chat%2Fagents", None),
            ("/a/chat/agents", None),
            ("/Chat/agents", None),
            ("*", None),
        ] {
            assert_eq!(of(uri).as_deref(), expected, "{uri}");
        }
    }

    #[test]
    fn only_paths_of_this_server_are_led_under_its_path() {
        let of = |location: &'static str| {
            let mut headers = HeaderMap::from_iter([(header::LOCATION, HeaderValue::from_static(location))]);
            lead_here("/chat", &mut headers);
            headers[header::LOCATION].to_str().unwrap().to_owned()
        };
        for (location, expected) in [
            ("/", "/chat/"),
            ("/login?next=%2Fleads", "/chat/login?next=%2Fleads"),
            ("/api/v1/agents/agt_1", "/chat/api/v1/agents/agt_1"),
            ("https://pay.example/x", "https://pay.example/x"),
            ("//evil.example", "//evil.example"),
        ] {
            assert_eq!(of(location), expected);
        }
        let mut none = HeaderMap::new();
        lead_here("/chat", &mut none);
        assert!(none.is_empty());
    }
}
