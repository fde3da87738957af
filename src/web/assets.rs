//! Files that are compiled in: the pages' styles and scripts, and the widget.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::auth::hex;
use crate::web::App;
use crate::web::error::ApiError;
use crate::web::mount;
use crate::web::packed::{accepts, brotli};

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Short, so that a new version of the widget reaches every website within minutes.
const SHORT: &str = "public, max-age=300, stale-while-revalidate=86400";
const HASH_CHARS: usize = 10;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

#[derive(RustEmbed)]
#[folder = "widget/dist/"]
struct Widget;

/// Compressed once, at the first request for each file.
static COMPRESSED: LazyLock<Mutex<HashMap<String, Bytes>>> = LazyLock::new(Mutex::default);

pub fn router() -> Router<App> {
    Router::new().route("/assets/{*path}", get(asset)).route("/widget.js", get(launcher)).route("/widget/{file}", get(part))
}

/// The address of an asset, with its content's hash: another content is another address.
pub fn url(path: &str) -> String {
    let hash = Assets::get(path).map(|file| hash(&file)).unwrap_or_default();
    format!("{}/assets/{path}?v={hash}", mount::path())
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match Assets::get(&path) {
        Some(file) => serve(&path, &file, &headers, IMMUTABLE),
        None => ApiError::not_found().into_response(),
    }
}

async fn launcher(headers: HeaderMap) -> Response {
    match Widget::get("widget.js") {
        Some(file) => foreign(serve("widget.js", &file, &headers, SHORT)),
        None => ApiError::not_found().into_response(),
    }
}

/// The widget's other files: the panel, and `locale-LANGUAGE.json`.
async fn part(Path(file): Path<String>, headers: HeaderMap) -> Response {
    match Widget::get(&file).filter(|_| file.starts_with("locale-")) {
        Some(texts) => foreign(serve(&file, &texts, &headers, SHORT)),
        None => panel(&file, &headers),
    }
}

/// `panel-HASH.js`. A launcher from before an upgrade asks for an older hash: it gets today's panel, and keeps it briefly.
fn panel(file: &str, headers: &HeaderMap) -> Response {
    let asked = file.strip_prefix("panel-").and_then(|rest| rest.strip_suffix(".js"));
    let (Some(asked), Some(embedded)) = (asked, Widget::get("panel.js")) else {
        return ApiError::not_found().into_response();
    };
    let caching = if asked == hash(&embedded) { IMMUTABLE } else { SHORT };
    foreign(serve("panel.js", &embedded, headers, caching))
}

/// For pages of other people, who load it as a script or as a module.
fn foreign(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    response
}

fn serve(path: &str, file: &EmbeddedFile, headers: &HeaderMap, caching: &'static str) -> Response {
    let etag = format!("\"{}\"", hash(file));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let common =
        [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, caching.to_owned()), (header::VARY, "accept-encoding".to_owned())];
    if known.is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(header::CONTENT_TYPE, media_type(path))];
    if accepts(headers, "br") {
        let body = compressed(path, &file.data);
        return (common, kind, [(header::CONTENT_ENCODING, "br")], body).into_response();
    }
    let body: Bytes = match &file.data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => Bytes::copy_from_slice(data),
    };
    (common, kind, body).into_response()
}

fn compressed(path: &str, data: &[u8]) -> Bytes {
    let mut kept = COMPRESSED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(body) = kept.get(path) {
        return body.clone();
    }
    let body = brotli(data);
    kept.insert(path.to_owned(), body.clone());
    body
}

fn hash(file: &EmbeddedFile) -> String {
    let mut text = hex(&file.metadata.sha256_hash());
    text.truncate(HASH_CHARS);
    text
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json; charset=utf-8",
        Some("png") => "image/png",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
