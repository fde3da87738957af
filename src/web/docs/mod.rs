//! The API's documentation, served by the server that it describes.

mod agents;
mod conversations;
mod endpoint;
mod events;
mod samples;
mod security;
mod webhooks;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use tokio::sync::OnceCell;

use crate::config::Config;
use crate::domain::account::{KEYS_ACTIVE_MAX, Permission, Plan};
use crate::web::App;
use crate::web::docs::endpoint::{Endpoint, Section, Span, spans};
use crate::web::docs::events::{EVENTS, Event};
use crate::web::docs::samples::{Sample, samples};
use crate::web::error::{ApiError, Result};
use crate::web::packed::Packed;

const CACHING: &str = "public, max-age=300";

const SECTIONS: &[Section] = &[
    agents::AGENTS,
    agents::KNOWLEDGE,
    conversations::CONVERSATIONS,
    conversations::LEADS,
    conversations::ACCOUNT,
    webhooks::WEBHOOKS,
    webhooks::DELIVERIES,
];

/// How to check a signature, in the order shown.
pub const VERIFICATIONS: &[(&str, &str, &str)] = &[
    ("node", "Node.js", include_str!("verify/node.mjs")),
    ("python", "Python", include_str!("verify/python.py")),
    ("php", "PHP", include_str!("verify/php.php")),
    ("ruby", "Ruby", include_str!("verify/ruby.rb")),
];

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    host: String,
    base: String,
    keys_max: usize,
    failures_max: u32,
    permissions: [&'static str; 6],
    plans: Vec<Plan>,
    sections: Vec<SectionView>,
    events: &'static [Event],
    verifications: &'static [(&'static str, &'static str, &'static str)],
}

struct SectionView {
    section: &'static Section,
    endpoints: Vec<EndpointView>,
}

struct EndpointView {
    endpoint: &'static Endpoint,
    samples: [Sample; 3],
    response: String,
}

/// Rendered at the first request; a server's configuration does not change.
type Rendered = Arc<OnceCell<Packed>>;

pub fn router() -> Router<App> {
    let rendered = Rendered::default();
    let show = move |State(app): State<App>, headers: HeaderMap| show(app, headers, rendered);
    Router::new().route("/docs", get(show)).merge(security::router())
}

async fn show(app: App, headers: HeaderMap, rendered: Rendered) -> Result<Response> {
    let page = rendered.get_or_try_init(async || render(&app.config)).await?;
    Ok(page.answer(&headers, CACHING).await)
}

fn render(config: &Config) -> Result<Packed> {
    let html = DocsPage::new(config).render().map_err(|error| {
        tracing::error!(%error, "the documentation could not be rendered");
        ApiError::internal()
    })?;
    Ok(Packed::new("text/html; charset=utf-8", html.into()))
}

impl DocsPage {
    fn new(config: &Config) -> Self {
        let host = config.public_url().to_owned();
        let base = format!("{host}/api/v1");
        let mut plans: Vec<_> = config.plans.keys().map(|name| config.plan(name)).collect();
        plans.sort_by_key(|plan| (plan.requests_per_minute, plan.conversations_max.unwrap_or(u32::MAX), plan.name.clone()));
        Self {
            sections: SECTIONS.iter().map(|section| SectionView::new(section, &host, &base)).collect(),
            keys_max: KEYS_ACTIVE_MAX,
            failures_max: config.accounts.failed_authentications_per_minute,
            permissions: Permission::ALL.map(Permission::as_str),
            plans,
            events: EVENTS,
            verifications: VERIFICATIONS,
            host,
            base,
        }
    }

    /// The examples of the quick start are those of the reference.
    fn example(&self, id: &str) -> Option<&EndpointView> {
        self.sections.iter().flat_map(|section| &section.endpoints).find(|view| view.endpoint.id == id)
    }
}

impl SectionView {
    fn new(section: &'static Section, host: &str, base: &str) -> Self {
        let endpoints = section.endpoints.iter().map(|endpoint| EndpointView::new(endpoint, host, base));
        Self { section, endpoints: endpoints.collect() }
    }
}

impl EndpointView {
    fn new(endpoint: &'static Endpoint, host: &str, base: &str) -> Self {
        Self {
            endpoint,
            samples: samples(base, endpoint.method, &endpoint.example),
            response: endpoint.example.response.replace("https://chat.example.com", host),
        }
    }

    fn spans(&self) -> Vec<Span> {
        spans(self.endpoint.text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::*;

    fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
        SECTIONS.iter().flat_map(|section| section.endpoints)
    }

    #[test]
    fn what_is_shown_as_json_is_json() {
        let json = |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object());
        for endpoint in endpoints() {
            let (sent, answered) = (endpoint.example.body, endpoint.example.response);
            assert!(json(answered) && (sent.is_empty() || json(sent)), "{}", endpoint.id);
        }
        for event in EVENTS {
            assert!(json(event.payload), "{}", event.name);
        }
    }

    #[test]
    fn an_example_calls_its_own_endpoint() {
        for endpoint in endpoints() {
            let called = endpoint.example.address.split('?').next().unwrap_or_default();
            let (called, path): (Vec<_>, Vec<_>) = (called.split('/').collect(), endpoint.path.split('/').collect());
            let fits = |(part, name): (&&str, &&str)| part == name || name.starts_with('{');
            assert!(called.len() == path.len() && called.iter().zip(&path).all(fits), "{}", endpoint.id);
        }
    }

    #[test]
    fn an_anchor_leads_to_one_place() {
        let anchors = SECTIONS.iter().map(|section| section.id).chain(endpoints().map(|endpoint| endpoint.id));
        let anchors: Vec<_> = anchors.collect();
        assert_eq!(anchors.iter().collect::<HashSet<_>>().len(), anchors.len());
    }

    #[test]
    fn every_parameter_of_a_path_is_explained() {
        for endpoint in endpoints() {
            let named: Vec<_> = endpoint.params.iter().filter(|param| param.place == "path").map(|param| param.name).collect();
            let path: Vec<_> = endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(named, path, "{}", endpoint.id);
        }
    }
}
