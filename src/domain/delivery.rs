//! Deliveries of events to webhooks, as the inspector shows them.

use crate::domain::id::{AgentId, DeliveryId, EventId};
use crate::domain::time::Time;

/// How a delivery stands; the first four end well or badly by themselves.
pub const DELIVERY_STATES: &[&str] = &["pending", "inflight", "delivered", "exhausted", "canceled"];

#[derive(Clone, Debug)]
pub struct Delivery {
    pub id: DeliveryId,
    pub event: EventId,
    pub event_type: String,
    /// One of [`DELIVERY_STATES`].
    pub state: String,
    pub next_attempt_at: Option<Time>,
    pub created_at: Time,
    pub finished_at: Option<Time>,
    pub attempts: Vec<Attempt>,
}

#[derive(Clone, Debug)]
pub struct Attempt {
    pub number: i64,
    pub started_at: Time,
    pub duration_ms: i64,
    pub status: Option<u16>,
    pub error: Option<String>,
    pub response_headers: String,
    pub response_body: String,
}

/// An event as it was written.
#[derive(Clone, Debug)]
pub struct WrittenEvent {
    pub id: EventId,
    pub kind: String,
    pub agent: Option<AgentId>,
    pub created_at: Time,
    pub payload: Vec<u8>,
}
