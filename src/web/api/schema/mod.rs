//! The API's description in OpenAPI 3.1, made of the handlers and of the types that they answer with.

mod complete;
pub mod events;
pub mod requests;
mod shared;
pub mod values;

use std::sync::{Arc, LazyLock};

use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::OnceCell;
use utoipa::OpenApi as _;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Info, License, OpenApi, Server};

use crate::domain::id::{AgentId, ConversationId, DeliveryId, KnowledgeId, LeadId, VisitorId, WebhookId};
use crate::web::App;
use crate::web::api;
use crate::web::api::schema::events::{
    ConversationCompletedData, InstalledData, LeadCapturedData, LimitReachedData, PaymentReceivedData, TestData,
};
use crate::web::api::schema::values::{Cursor, Limit, Offset, Words};
use crate::web::error::Body;
use crate::web::packed::Packed;

/// Where the API stands on this server.
const BASE: &str = "/api/v1";
const CACHING: &str = "public, max-age=300";

const ABOUT: &str = "\
Agents, conversations, leads, knowledge, analytics and webhooks of one account. Bodies are JSON in UTF-8, times are UTC, \
lengths are counted in characters. A field that is not known is ignored. Lists are ordered newest first.

A POST with an `Idempotency-Key` takes effect once: sent again within 24 hours, it gets its first answer.";

const TAGS: [(&str, &str); 8] = [
    ("Agents", "The account's chat widgets."),
    ("Conversations", "Conversations between visitors and agents."),
    ("Leads", "Visitors who left an e-mail address or a phone number."),
    ("Knowledge", "The content that agents answer from."),
    ("Analytics", "Statistics on conversations, leads and response times."),
    ("Account", "The API key and its account."),
    ("Webhooks", "Webhook endpoints and their deliveries."),
    ("Events", "Everything that happened in the account."),
];

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let text = serde_json::to_string_pretty(&document()).expect("a JSON value can be written");
    text + "\n"
});

/// The document as it is printed and kept in `docs/openapi.json`, and served where the server has a host of its own.
pub fn text() -> &'static str {
    &TEXT
}

/// Made at the first request; a server's configuration does not change.
pub type PackedText = Arc<OnceCell<Packed>>;

pub async fn show(app: App, headers: HeaderMap, packed: PackedText) -> Response {
    let packed = packed.get_or_init(async || Packed::new("application/json", text_under(app.config.path()))).await;
    packed.answer(&headers, CACHING).await
}

/// Addresses in the document that begin with a slash are read as those of the host.
fn text_under(path: &str) -> Bytes {
    match path {
        "" => Bytes::from_static(text().as_bytes()),
        path => text().replacen(&format!("\"{BASE}\""), &format!("\"{path}{BASE}\""), 1).into(),
    }
}

fn document() -> Value {
    let described = serde_json::to_value(api::routes().into_openapi()).expect("the description is plain data");
    complete::complete(described)
}

/// Types to which only shared parts refer; the handlers bring all others.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(
    Body,
    Cursor,
    Limit,
    Offset,
    Words,
    AgentId,
    ConversationId,
    DeliveryId,
    KnowledgeId,
    LeadId,
    VisitorId,
    WebhookId,
    LeadCapturedData,
    ConversationCompletedData,
    LimitReachedData,
    InstalledData,
    PaymentReceivedData,
    TestData,
)))]
struct Referenced;

/// What the handlers' operations and types are put into.
pub fn frame() -> OpenApi {
    let mut frame = Referenced::openapi();
    frame.info = Info::new("ChatForge API", env!("CARGO_PKG_VERSION"));
    frame.info.description = Some(ABOUT.to_owned());
    let mut license = License::new("MIT or Apache 2.0");
    license.identifier = Some(env!("CARGO_PKG_LICENSE").to_owned());
    frame.info.license = Some(license);
    frame.servers = Some(vec![Server::new(BASE)]);
    frame.tags = Some(TAGS.map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build()).to_vec());
    frame
}

#[cfg(test)]
mod tests;
