//! One delivery: what was sent, every try, and what came back.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, RawPathParams, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use crate::domain::delivery::{Attempt, DELIVERY_STATES, Delivery};
use crate::domain::id::DeliveryId;
use crate::storage::Keep;
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::display::When;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::session::{SignedForm, SignedIn};
use crate::web::dashboard::webhook::WebhookPath;
use crate::web::error::ApiError;
use crate::web::extract::path_id;
use crate::web::webhooks::{missing, not_resent};

#[derive(Template)]
#[template(path = "delivery.html")]
pub struct DeliveryPage {
    pub nav: Nav,
    pub webhook_id: String,
    pub url: String,
    /// It can be sent again: its webhook is active, and it is not under way.
    pub can_resend: bool,
    pub delivery: DeliveryRow,
    pub event_id: String,
    pub finished: Option<When>,
    pub attempts: Vec<AttemptRow>,
    /// The bytes that are sent, and the same over several lines.
    pub payload: String,
    pub payload_shown: String,
}

/// A delivery in the list of its webhook.
pub struct DeliveryRow {
    pub id: String,
    pub event: String,
    pub state: &'static StateLabel,
    pub tries: usize,
    /// What the last try came to: `200`, or `timeout`; empty before the first.
    pub outcome: String,
    pub created: When,
    pub next: Option<When>,
}

pub struct AttemptRow {
    pub number: i64,
    pub started: When,
    pub duration_ms: i64,
    pub status: Option<u16>,
    pub went_well: bool,
    pub error: Option<&'static str>,
    pub response_headers: String,
    pub response_body: String,
}

/// How a state is called for people.
pub struct StateLabel {
    pub label: &'static str,
    pub badge: &'static str,
}

const fn label_of(state: &str) -> &'static StateLabel {
    match state.as_bytes() {
        b"pending" => &StateLabel { label: "Waiting", badge: "badge-warn" },
        b"inflight" => &StateLabel { label: "Sending", badge: "badge-warn" },
        b"delivered" => &StateLabel { label: "Delivered", badge: "badge-good" },
        b"exhausted" => &StateLabel { label: "Failed", badge: "badge-bad" },
        _ => &StateLabel { label: "Canceled", badge: "" },
    }
}

/// A state that the list can be narrowed to.
pub struct StateChoice {
    pub value: &'static str,
    pub label: &'static str,
    pub chosen: bool,
}

impl StateChoice {
    pub fn all(chosen: Option<&str>) -> Vec<Self> {
        let choice = |value: &&'static str| Self { value, label: label_of(value).label, chosen: chosen == Some(value) };
        DELIVERY_STATES.iter().map(choice).collect()
    }
}

/// The state that the page's address names; nonsense is all of them.
pub fn state_of(query: &HashMap<String, String>) -> Option<&'static str> {
    let named = query.get("status")?;
    DELIVERY_STATES.iter().copied().find(|state| state == named)
}

pub async fn show(
    member: SignedIn,
    WebhookPath(webhook): WebhookPath,
    params: RawPathParams,
    State(app): State<App>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response> {
    let (account, id) = (member.0.account.id.clone(), delivery_id(&params)?);
    let registered = app.store.webhook(account.clone(), webhook.clone()).await.map_err(missing)?;
    let (delivery, payload) = app.store.delivery(account, webhook, id).await?;
    let mut nav = member.nav(Section::Webhooks);
    nav.flash = (query.get("done").map(String::as_str) == Some("queued")).then(|| "Delivery queued.".to_owned());
    let payload = String::from_utf8_lossy(&payload).into_owned();
    Ok(Page(DeliveryPage {
        nav,
        webhook_id: registered.id.to_string(),
        url: registered.url,
        can_resend: registered.status == "active" && delivery.state != "inflight",
        event_id: delivery.event.to_string(),
        finished: delivery.finished_at.map(When::new),
        attempts: delivery.attempts.iter().rev().map(AttemptRow::new).collect(),
        delivery: DeliveryRow::new(delivery),
        payload_shown: spread(&payload),
        payload,
    })
    .into_response())
}

pub async fn resend(
    WebhookPath(webhook): WebhookPath,
    params: RawPathParams,
    State(app): State<App>,
    form: SignedForm,
) -> Result<Redirect> {
    let (account, id) = (form.member.0.account.id, delivery_id(&params)?);
    app.store.webhook(account.clone(), webhook.clone()).await.map_err(missing)?;
    app.store.resend(account, webhook.clone(), id.clone(), Keep::nothing()).await.map_err(not_resent)?;
    Ok(Redirect::to(&format!("/webhooks/{webhook}/deliveries/{id}?done=queued")))
}

fn delivery_id(params: &RawPathParams) -> Result<DeliveryId> {
    Ok(path_id(params, "delivery", ApiError::not_found)?)
}

/// JSON over several lines; the order of its fields stays.
pub fn spread(json: &str) -> String {
    let read = serde_json::from_str::<Value>(json).and_then(|value| serde_json::to_string_pretty(&value));
    read.unwrap_or_else(|_| json.to_owned())
}

impl DeliveryRow {
    pub fn new(delivery: Delivery) -> Self {
        let outcome = delivery.attempts.last().map(|last| match last.status {
            Some(status) => status.to_string(),
            None => last.error.as_deref().map_or("No answer", in_words).to_owned(),
        });
        Self {
            state: label_of(&delivery.state),
            tries: delivery.attempts.len(),
            outcome: outcome.unwrap_or_default(),
            id: delivery.id.to_string(),
            event: delivery.event_type,
            created: When::new(delivery.created_at),
            next: delivery.next_attempt_at.map(When::new),
        }
    }
}

impl AttemptRow {
    fn new(attempt: &Attempt) -> Self {
        Self {
            number: attempt.number,
            started: When::new(attempt.started_at),
            duration_ms: attempt.duration_ms,
            status: attempt.status,
            went_well: attempt.status.is_some_and(|status| (200..300).contains(&status)) && attempt.error.is_none(),
            error: attempt.error.as_deref().map(in_words),
            response_headers: attempt.response_headers.clone(),
            response_body: attempt.response_body.clone(),
        }
    }
}

/// Nothing here tells a name that leads inside from one that leads nowhere.
fn in_words(error: &str) -> &'static str {
    match error {
        "dns_error" | "blocked_address" => "No public address",
        "connect_refused" => "Connection refused",
        "connect_timeout" => "Could not connect in time",
        "tls_error" => "TLS not accepted",
        "timeout" => "No answer within 10 seconds",
        "protocol_error" => "Invalid HTTP response",
        _ => "Connection lost",
    }
}
