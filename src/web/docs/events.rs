//! The documentation's entries on events: when each happens, and what it carries.

use crate::web::docs::endpoint::{Span, spans};

pub struct Event {
    pub name: &'static str,
    pub text: &'static str,
    pub payload: &'static str,
}

impl Event {
    pub fn spans(&self) -> Vec<Span> {
        spans(self.text)
    }
}

pub const EVENTS: &[Event] = &[
    Event {
        name: "lead.captured",
        text: "Sent when a visitor leaves an e-mail address or a phone number, once per conversation. Use `GET /leads/{lead_id}` to get details that the visitor adds later. Missing details are null. `conversation_id` is null if the agent had reached its monthly conversation limit.",
        payload: r##"{
  "id": "evt_lc_a1b2c3d4e5",
  "type": "lead.captured",
  "created_at": "2026-03-26T14:05:00Z",
  "agent_id": "agt_a1b2c3d4e5",
  "data": {
    "lead_id": "lead_r1s2t3u4v5",
    "conversation_id": "conv_x1y2z3a4b5",
    "name": "Jane Smith",
    "email": "jane@example.com",
    "phone": "+1-555-0123",
    "company": "Acme Corp",
    "message": "Two cargo bikes for Saturday, please.",
    "page_url": "https://example.com/pricing"
  }
}"##,
    },
    Event {
        name: "conversation.completed",
        text: "Sent when the visitor closes the conversation or after 30 minutes without a message, exactly once per conversation. `lead_id` is null if there was no lead.",
        payload: r##"{
  "id": "evt_cc_f6g7h8i9j0",
  "type": "conversation.completed",
  "created_at": "2026-03-26T14:10:00Z",
  "agent_id": "agt_a1b2c3d4e5",
  "data": {
    "conversation_id": "conv_x1y2z3a4b5",
    "messages_count": 12,
    "duration_seconds": 340,
    "lead_captured": true,
    "lead_id": "lead_r1s2t3u4v5",
    "page_url": "https://example.com/pricing",
    "visitor_id": "vis_m1n2o3p4q5"
  }
}"##,
    },
    Event {
        name: "agent.limit_reached",
        text: "Sent when an agent reaches its monthly conversation limit. The agent keeps answering and leads are still saved, but new conversations are not stored until `resets_at` or an upgrade.",
        payload: r##"{
  "id": "evt_lr_k1l2m3n4o5",
  "type": "agent.limit_reached",
  "created_at": "2026-03-26T14:15:00Z",
  "agent_id": "agt_a1b2c3d4e5",
  "data": {
    "agent_name": "Sales Assistant",
    "conversations_used": 500,
    "conversations_limit": 500,
    "plan": "starter",
    "resets_at": "2026-04-01T00:00:00Z"
  }
}"##,
    },
    Event {
        name: "agent.installed",
        text: "Sent when an agent’s widget loads on a domain for the first time.",
        payload: r##"{
  "id": "evt_ai_p1q2r3s4t5",
  "type": "agent.installed",
  "created_at": "2026-03-26T14:20:00Z",
  "agent_id": "agt_a1b2c3d4e5",
  "data": {
    "agent_name": "Sales Assistant",
    "domain": "example.com",
    "page_url": "https://example.com/",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) ..."
  }
}"##,
    },
    Event {
        name: "payment.received",
        text: "Sent when a payment for your account succeeds: Stripe reports a paid invoice, or the server’s operator records a payment. `agent_id` is null. `amount_cents` is in the currency’s smallest unit. `invoice_url` may be null.",
        payload: r##"{
  "id": "evt_pr_u6v7w8x9y0",
  "type": "payment.received",
  "created_at": "2026-03-26T14:25:00Z",
  "agent_id": null,
  "data": {
    "amount_cents": 9700,
    "currency": "usd",
    "plan": "starter",
    "period_start": "2026-03-26T00:00:00Z",
    "period_end": "2026-04-26T00:00:00Z",
    "invoice_url": "https://pay.stripe.com/invoice/inv_1a2b3c"
  }
}"##,
    },
];
