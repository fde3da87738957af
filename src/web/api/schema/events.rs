//! The payloads of events, as webhooks receive them.
#![expect(dead_code, reason = "the derives read the fields, nobody else does")]

use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::id::{ConversationId, LeadId, VisitorId, WebhookId};
use crate::domain::time::Time;
use crate::domain::webhook::EventType;

/// One of the payloads; `type` tells which.
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
    /// Null where the conversation was over the plan's limit and is not kept.
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
    /// In three lower-case letters.
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
        EventType::LeadCaptured => ("LeadCaptured", "A visitor left an e-mail address or a phone number."),
        EventType::ConversationCompleted => {
            ("ConversationCompleted", "A visitor closed the widget, or wrote nothing for 30 minutes.")
        }
        EventType::LimitReached => {
            ("LimitReached", "An agent used up its conversations of this month: it goes on answering, and nothing new is kept.")
        }
        EventType::Installed => ("Installed", "The embed code of an agent was loaded on a domain for the first time."),
        EventType::PaymentReceived => ("PaymentReceived", "A payment for the account was received."),
        EventType::Test => ("Test", "Sent on request, to try a webhook out."),
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
        json!({ "description": "What a webhook receives; `type` tells which of these it is.", "oneOf": each }),
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
            header("X-ChatForge-Signature", "Hexadecimal HMAC-SHA256 of the body under the webhook's secret."),
            header("webhook-id", "The event's id: the same at every try."),
            header("webhook-timestamp", "When this try was made, in seconds since 1970."),
            header("webhook-signature", "The signature of Standard Webhooks."),
        ],
        "requestBody": { "required": true, "content": { "application/json": { "schema": payload_of(kind) } } },
        "responses": {
            "2XX": { "description": "Received. Without such an answer within 10 seconds there are up to five more tries." },
            "410": { "description": "Disables the webhook." },
        },
    }})
}

fn header(name: &str, about: &str) -> Value {
    json!({ "name": name, "in": "header", "required": true, "description": about, "schema": { "type": "string" } })
}
