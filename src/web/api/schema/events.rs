//! The payloads of events, as webhooks receive them.
#![expect(dead_code, reason = "the derives read the fields, nobody else does")]

use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::id::{ConversationId, LeadId, VisitorId, WebhookId};
use crate::domain::time::Time;
use crate::domain::webhook::EventType;

/// One of the payloads. `type` identifies which.
pub struct EventPayload;

impl PartialSchema for EventPayload {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().into()
    }
}

impl ToSchema for EventPayload {}

#[derive(ToSchema)]
pub struct LeadCapturedData {
    lead_id: LeadId,
    /// Null if the conversation was over the plan's limit and was not stored.
    conversation_id: Option<ConversationId>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    message: Option<String>,
    page_url: Option<String>,
}

#[derive(ToSchema)]
pub struct ConversationCompletedData {
    conversation_id: ConversationId,
    messages_count: i64,
    duration_seconds: i64,
    lead_captured: bool,
    lead_id: Option<LeadId>,
    page_url: Option<String>,
    visitor_id: VisitorId,
}

#[derive(ToSchema)]
pub struct LimitReachedData {
    agent_name: String,
    conversations_used: i64,
    conversations_limit: i64,
    plan: String,
    resets_at: Time,
}

#[derive(ToSchema)]
pub struct InstalledData {
    agent_name: String,
    domain: String,
    page_url: String,
    user_agent: Option<String>,
}

#[derive(ToSchema)]
pub struct PaymentReceivedData {
    amount_cents: i64,
    /// The currency code, three lower-case letters.
    currency: String,
    plan: String,
    period_start: Time,
    period_end: Time,
    invoice_url: Option<String>,
}

#[derive(ToSchema)]
pub struct TestData {
    webhook_id: WebhookId,
    message: String,
}

/// Each type of event: name and data of its payload, and when it happens.
const fn described(kind: EventType) -> (&'static str, &'static str) {
    match kind {
        EventType::LeadCaptured => ("LeadCaptured", "Sent when a visitor leaves an e-mail address or a phone number."),
        EventType::ConversationCompleted => {
            ("ConversationCompleted", "Sent when a visitor closes the widget or writes nothing for 30 minutes.")
        }
        EventType::LimitReached => (
            "LimitReached",
            "Sent when an agent reaches its monthly limit. It keeps answering, but new conversations are not stored.",
        ),
        EventType::Installed => ("Installed", "Sent when an agent's embed code loads on a domain for the first time."),
        EventType::PaymentReceived => ("PaymentReceived", "Sent when a payment for the account succeeds."),
        EventType::Test => ("Test", "Sent on request, to test a webhook."),
    }
}

fn kinds() -> impl Iterator<Item = EventType> {
    EventType::ALL.into_iter().chain([EventType::Test])
}

fn payload_of(kind: EventType) -> Value {
    json!({ "$ref": format!("#/components/schemas/{}Event", described(kind).0) })
}

pub fn payloads() -> Map<String, Value> {
    let mut payloads: Map<String, Value> = kinds().map(envelope).collect();
    let each: Vec<Value> = kinds().map(payload_of).collect();
    payloads.insert(
        "EventPayload".to_owned(),
        json!({ "description": "The request body sent to a webhook. `type` identifies the event.", "oneOf": each }),
    );
    payloads
}

fn envelope(kind: EventType) -> (String, Value) {
    let (name, about) = described(kind);
    let account_wide = matches!(kind, EventType::PaymentReceived | EventType::Test);
    let agent = json!({ "$ref": "#/components/schemas/AgentId" });
    let agent = if account_wide { json!({ "oneOf": [{ "type": "null" }, agent] }) } else { agent };
    let schema = json!({
        "type": "object",
        "description": about,
        "required": ["id", "type", "created_at", "agent_id", "data"],
        "properties": {
            "id": { "$ref": "#/components/schemas/EventId" },
            "type": { "type": "string", "const": kind.as_str() },
            "created_at": { "$ref": "#/components/schemas/Time" },
            "agent_id": agent,
            "data": { "$ref": format!("#/components/schemas/{name}Data") },
        },
    });
    (format!("{name}Event"), schema)
}

/// The requests that ChatForge makes.
pub fn webhooks() -> Value {
    kinds().map(|kind| (kind.as_str().to_owned(), webhook(kind))).collect::<Map<_, _>>().into()
}

fn webhook(kind: EventType) -> Value {
    let (name, about) = described(kind);
    json!({ "post": {
        "operationId": format!("on{name}"),
        "tags": ["Events"],
        "summary": kind.as_str(),
        "description": about,
        "parameters": [
            header("X-ChatForge-Signature", "The HMAC-SHA256 of the body with the webhook's secret, in hexadecimal."),
            header("webhook-id", "The event's id, the same for every attempt."),
            header("webhook-timestamp", "The time of this attempt, as a Unix timestamp."),
            header("webhook-signature", "The signature by Standard Webhooks."),
        ],
        "requestBody": { "required": true, "content": { "application/json": { "schema": payload_of(kind) } } },
        "responses": {
            "2XX": { "description": "Received. Without this response within 10 seconds, the delivery is retried up to five times." },
            "410": { "description": "Disables the webhook." },
        },
    }})
}

fn header(name: &str, about: &str) -> Value {
    json!({ "name": name, "in": "header", "required": true, "description": about, "schema": { "type": "string" } })
}
