//! What a request leaves in the audit log, whether a person or a key sent it.

use axum::extract::MatchedPath;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::domain::account::User;
use crate::domain::audit::{Actor, DETAIL_CHARS_MAX, Entry, Origin};
use crate::domain::id::{ALPHABET, AccountId, RANDOM_CHARS};
use crate::storage;
use crate::web::App;
use crate::web::caller::ApiCaller;
use crate::web::client::{ClientAddress, address, user_agent};
use crate::web::error::ApiError;
use crate::web::headers::RequestId;
use crate::web::mount;
use crate::web::once::REPLAYED;

/// What the API's requests are called. A test holds that none which changes something is missing.
pub const API_ACTIONS: &[(&str, &str, &str)] = &[
    ("POST", "/api/v1/agents", "agent.created"),
    ("POST", "/api/v1/agents/bulk", "agent.created_in_bulk"),
    ("PUT", "/api/v1/agents/{agent}", "agent.updated"),
    ("PATCH", "/api/v1/agents/{agent}", "agent.updated"),
    ("DELETE", "/api/v1/agents/{agent}", "agent.deactivated"),
    ("POST", "/api/v1/agents/{agent}/activate", "agent.activated"),
    ("POST", "/api/v1/agents/{agent}/knowledge", "knowledge.added"),
    ("DELETE", "/api/v1/agents/{agent}/knowledge/{entry}", "knowledge.deleted"),
    ("POST", "/api/v1/knowledge/bulk", "knowledge.added_in_bulk"),
    ("DELETE", "/api/v1/conversations/{conversation}", "conversation.deleted"),
    ("DELETE", "/api/v1/visitors/{visitor}", "visitor.deleted"),
    ("POST", "/api/v1/webhooks", "webhook.created"),
    ("PATCH", "/api/v1/webhooks/{webhook}", "webhook.updated"),
    ("DELETE", "/api/v1/webhooks/{webhook}", "webhook.deleted"),
    ("POST", "/api/v1/webhooks/{webhook}/rotate", "webhook.secret_rotated"),
    ("POST", "/api/v1/webhooks/{webhook}/test", "webhook.tested"),
    ("POST", "/api/v1/webhooks/{webhook}/recover", "webhook.recovered"),
    ("POST", "/api/v1/webhooks/{webhook}/deliveries/{delivery}/retry", "webhook.delivery_resent"),
];

/// Left with a response by a handler that knows more than the addresses tell.
#[derive(Clone)]
pub struct Told {
    pub target: String,
    pub detail: String,
}

/// Left with a response that refuses somebody who exists.
#[derive(Clone)]
pub struct RefusedSignIn(pub User);

impl RefusedSignIn {
    pub fn of(user: User, mut response: Response) -> Response {
        response.extensions_mut().insert(Self(user));
        response
    }
}

/// Left with a response that looks like a change and is none, such as a page that asks first.
#[derive(Clone)]
pub struct NothingDone;

impl NothingDone {
    pub fn by(mut response: Response) -> Response {
        response.extensions_mut().insert(Self);
        response
    }
}

impl Told {
    pub fn of(target: impl ToString, detail: &str) -> Self {
        Self { target: target.to_string(), detail: detail.chars().take(DETAIL_CHARS_MAX).collect() }
    }
}

/// Leaves a note with a response.
pub fn tell(mut response: Response, told: Told) -> Response {
    response.extensions_mut().insert(told);
    response
}

/// A request, as far as the log is concerned; taken before its handler takes it apart.
pub struct Seen {
    pub origin: Origin,
    path: String,
}

impl Seen {
    pub fn of(app: &App, parts: &Parts) -> Self {
        let original = parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let origin = Origin {
            address: ClientAddress(address(parts, &app.config.server)).bucket(),
            user_agent: user_agent(&parts.headers).unwrap_or_default(),
            request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
        };
        Self { origin, path: original.path().to_owned() }
    }

    /// None where the request was refused, and so has changed nothing.
    pub fn entry(self, account: AccountId, actor: Actor, action: &'static str, response: &Response) -> Option<Entry> {
        let went_well = response.status().is_success() || response.status().is_redirection();
        let is_idle = response.headers().contains_key(REPLAYED) || response.extensions().get::<NothingDone>().is_some();
        if !went_well || is_idle {
            return None;
        }
        let (target, detail) = match response.extensions().get::<Told>().cloned() {
            Some(told) => (told.target, told.detail),
            None => (targets(&self.path, response.headers()), String::new()),
        };
        Some(Entry { account, actor, action, target, detail, times: 1, origin: self.origin })
    }
}

/// The entry for what a key has asked, if that changes anything.
pub struct KeyUse(&'static str, Seen);

impl KeyUse {
    pub fn of(app: &App, parts: &Parts) -> Option<Self> {
        if parts.method.is_safe() {
            return None;
        }
        let path = parts.extensions.get::<MatchedPath>()?;
        Some(Self(api_action(&parts.method, path.as_str())?, Seen::of(app, parts)))
    }

    pub fn entry(self, caller: &ApiCaller, response: &Response) -> Option<Entry> {
        let actor = Actor::Key(caller.key.id.clone(), caller.key.name.clone());
        self.1.entry(caller.account_id(), actor, self.0, response)
    }
}

/// Rides along with the next commit: a program that writes a lot must not wait for the disk twice.
pub async fn record_soon(app: &App, entry: Entry) {
    if let Err(error) = app.store.record_soon(entry.clone()).await {
        lost(&error, &entry);
    }
}

/// On the disk before the answer is sent.
pub async fn record(app: &App, entry: Entry) {
    if let Err(error) = app.store.record(entry.clone()).await {
        lost(&error, &entry);
    }
}

/// Runs on when nobody waits for the response any more: a change and its entry belong together.
pub async fn to_the_end(work: impl Future<Output = Response> + Send + 'static) -> Response {
    match tokio::spawn(mount::carried(work.in_current_span())).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => ApiError::unavailable().into_response(),
        },
    }
}

/// The change stands, and whoever made it is told so; what the log lacks is here.
fn lost(error: &storage::Error, entry: &Entry) {
    tracing::error!(%error, ?entry, "an entry could not be added to the audit log");
}

fn api_action(method: &Method, path: &str) -> Option<&'static str> {
    API_ACTIONS.iter().find(|(verb, route, _)| *verb == method.as_str() && *route == path).map(|(_, _, action)| *action)
}

/// The ids in the request's own path, then those in that of what it has made.
fn targets(path: &str, headers: &HeaderMap) -> String {
    let made = headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let made = made.split(['?', '#']).next().unwrap_or_default();
    let mut ids: Vec<&str> = path.split('/').filter(|part| is_id(part)).collect();
    for id in made.split('/').filter(|part| is_id(part)) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.join(" ")
}

/// Everything else in a path could have been written by anyone.
fn is_id(part: &str) -> bool {
    let Some((prefix, random)) = part.rsplit_once('_') else { return false };
    let is_prefix = (2..=6).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    is_prefix && random.len() == RANDOM_CHARS && random.bytes().all(|b| ALPHABET.contains(&b))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::domain::audit::{SUBJECTS, subject};

    #[test]
    fn every_call_of_the_api_that_changes_something_has_a_name() {
        let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json")).unwrap();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let paths = document["paths"].as_object().unwrap().iter();
        let calls = paths.flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
            methods.map(move |method| format!("{method} /api/v1{path}")).collect::<Vec<_>>()
        });
        let mut changing: Vec<_> = calls.filter(|call| !call.starts_with("GET ")).collect();
        let mut named: Vec<_> = API_ACTIONS.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
        changing.sort();
        named.sort();
        assert_eq!(named, changing);
        for (_, _, action) in API_ACTIONS {
            assert!(SUBJECTS.iter().any(|(name, _)| *name == subject(action)), "{action}");
        }
    }

    #[test]
    fn targets_are_ids_and_nothing_else() {
        let mut made = HeaderMap::new();
        made.insert(header::LOCATION, "/agents/agt_a1b2c3d4e5?done=created&x=key_a1b2c3d4e5".parse().unwrap());
        assert_eq!(targets("/agents", &made), "agt_a1b2c3d4e5");
        let twice = targets("/agents/agt_a1b2c3d4e5/knowledge/kb_a1b2c3d4e6/delete", &made);
        assert_eq!(twice, "agt_a1b2c3d4e5 kb_a1b2c3d4e6");
        assert_eq!(targets("/x/<script>/cfk_live_secretkey1/evt_lc_a1b2c3d4e5", &HeaderMap::new()), "evt_lc_a1b2c3d4e5");
    }
}
