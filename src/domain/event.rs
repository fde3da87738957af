//! Events: what happened, in the very bytes that webhooks receive.

use serde::Serialize;

use crate::domain::agent::Agent;
use crate::domain::conversation::Conversation;
use crate::domain::id::{AccountId, AgentId, EventId, VisitorId};
use crate::domain::installation::FirstLoad;
use crate::domain::lead::Lead;
use crate::domain::payment::Payment;
use crate::domain::time::Time;
use crate::domain::webhook::{EventType, Webhook};

#[derive(Clone, Debug)]
pub struct Event {
    pub id: EventId,
    pub account: AccountId,
    pub agent: Option<AgentId>,
    pub kind: EventType,
    /// Whom the payload tells of.
    pub visitor: Option<VisitorId>,
    pub created_at: Time,
    /// Signed and sent as they are, at every try; never written anew.
    pub payload: Vec<u8>,
}

#[derive(Serialize)]
struct Envelope<'a, D> {
    id: &'a str,
    r#type: &'static str,
    created_at: String,
    agent_id: Option<&'a str>,
    data: D,
}

#[derive(Serialize)]
struct LeadCaptured<'a> {
    lead_id: &'a str,
    conversation_id: Option<&'a str>,
    name: Option<&'a str>,
    email: Option<&'a str>,
    phone: Option<&'a str>,
    company: Option<&'a str>,
    message: Option<&'a str>,
    page_url: Option<&'a str>,
}

#[derive(Serialize)]
struct ConversationCompleted<'a> {
    conversation_id: &'a str,
    messages_count: i64,
    duration_seconds: i64,
    lead_captured: bool,
    lead_id: Option<&'a str>,
    page_url: Option<&'a str>,
    visitor_id: &'a str,
}

#[derive(Serialize)]
struct LimitReached<'a> {
    agent_name: &'a str,
    conversations_used: i64,
    conversations_limit: i64,
    plan: &'a str,
    resets_at: String,
}

#[derive(Serialize)]
struct Installed<'a> {
    agent_name: &'a str,
    domain: &'a str,
    page_url: &'a str,
    user_agent: Option<&'a str>,
}

#[derive(Serialize)]
struct PaymentReceived<'a> {
    amount_cents: i64,
    currency: &'a str,
    plan: &'a str,
    period_start: String,
    period_end: String,
    invoice_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Test<'a> {
    webhook_id: &'a str,
    message: &'static str,
}

impl Event {
    pub fn lead_captured(id: EventId, lead: &Lead, now: Time) -> Self {
        let details = &lead.details;
        let data = LeadCaptured {
            lead_id: lead.id.as_str(),
            conversation_id: lead.conversation.as_ref().map(|id| id.as_str()),
            name: details.name.as_deref(),
            email: details.email.as_deref(),
            phone: details.phone.as_deref(),
            company: details.company.as_deref(),
            message: details.message.as_deref(),
            page_url: lead.page_url.as_deref(),
        };
        Self::new(id, EventType::LeadCaptured, &lead.account, Some(&lead.agent), now, data).about(&lead.visitor)
    }

    /// `conversation` as it stands once it has ended.
    pub fn conversation_completed(id: EventId, conversation: &Conversation, now: Time) -> Self {
        let data = ConversationCompleted {
            conversation_id: conversation.id.as_str(),
            messages_count: conversation.messages_count,
            duration_seconds: conversation.duration_seconds(),
            lead_captured: conversation.lead.is_some(),
            lead_id: conversation.lead.as_ref().map(|id| id.as_str()),
            page_url: conversation.page_url.as_deref(),
            visitor_id: conversation.visitor.as_str(),
        };
        Self::new(id, EventType::ConversationCompleted, &conversation.account, Some(&conversation.agent), now, data)
            .about(&conversation.visitor)
    }

    pub fn limit_reached(id: EventId, agent: &Agent, used: i64, limit: i64, plan: &str, now: Time) -> Self {
        let data = LimitReached {
            agent_name: &agent.name,
            conversations_used: used,
            conversations_limit: limit,
            plan,
            resets_at: now.next_month_start().to_string(),
        };
        Self::new(id, EventType::LimitReached, &agent.account, Some(&agent.id), now, data)
    }

    pub fn installed(id: EventId, agent: &Agent, load: &FirstLoad, now: Time) -> Self {
        let FirstLoad { domain, page_url, user_agent, visitor } = load;
        let data = Installed { agent_name: &agent.name, domain, page_url, user_agent: user_agent.as_deref() };
        Self::new(id, EventType::Installed, &agent.account, Some(&agent.id), now, data).about(visitor)
    }

    pub fn payment_received(id: EventId, payment: &Payment, now: Time) -> Self {
        let data = PaymentReceived {
            amount_cents: payment.amount_cents,
            currency: &payment.currency,
            plan: &payment.plan,
            period_start: payment.period_start.to_string(),
            period_end: payment.period_end.to_string(),
            invoice_url: payment.invoice_url.as_deref(),
        };
        Self::new(id, EventType::PaymentReceived, &payment.account, None, now, data)
    }

    /// For trying a webhook out.
    pub fn test(id: EventId, webhook: &Webhook, now: Time) -> Self {
        let data = Test { webhook_id: webhook.id.as_str(), message: "This is a test event from ChatForge." };
        Self::new(id, EventType::Test, &webhook.account, webhook.agent.as_ref(), now, data)
    }

    fn about(mut self, visitor: &VisitorId) -> Self {
        self.visitor = Some(visitor.clone());
        self
    }

    fn new(id: EventId, kind: EventType, account: &AccountId, agent: Option<&AgentId>, now: Time, data: impl Serialize) -> Self {
        let envelope = Envelope {
            id: id.as_str(),
            r#type: kind.as_str(),
            created_at: now.to_string(),
            agent_id: agent.map(AgentId::as_str),
            data,
        };
        let payload = serde_json::to_vec(&envelope).expect("an event's fields are text and numbers");
        Self { id, account: account.clone(), agent: agent.cloned(), kind, visitor: None, created_at: now, payload }
    }
}
