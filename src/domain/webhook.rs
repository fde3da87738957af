//! Webhooks: what they receive, and when a failed delivery is tried again.

pub mod url;

use jiff::fmt::rfc2822::DateTimeParser;
use serde_json::{Map, Value};

use crate::domain::Rejection;
use crate::domain::id::{AccountId, AgentId, Identifier, WebhookId};
use crate::domain::input::Fields;
use crate::domain::time::{SECOND_MS, Time};
use crate::domain::webhook::url::UrlPolicy;

/// One try and five retries.
pub const ATTEMPTS_MAX: u32 = 6;
/// An endpoint that has not answered by then has failed.
pub const TIMEOUT_MS: u64 = 10_000;
pub const RETRY_BASE_MS: i64 = 10 * SECOND_MS;

/// What happened; webhooks subscribe by these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    LeadCaptured,
    ConversationCompleted,
    LimitReached,
    Installed,
    PaymentReceived,
    /// Sent on request, to one webhook; nobody subscribes to it.
    Test,
}

impl EventType {
    pub const ALL: [Self; 5] =
        [Self::LeadCaptured, Self::ConversationCompleted, Self::LimitReached, Self::Installed, Self::PaymentReceived];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LeadCaptured => "lead.captured",
            Self::ConversationCompleted => "conversation.completed",
            Self::LimitReached => "agent.limit_reached",
            Self::Installed => "agent.installed",
            Self::PaymentReceived => "payment.received",
            Self::Test => "webhook.test",
        }
    }

    /// The letters that its events carry in their id.
    pub const fn code(self) -> &'static str {
        match self {
            Self::LeadCaptured => "lc",
            Self::ConversationCompleted => "cc",
            Self::LimitReached => "lr",
            Self::Installed => "ai",
            Self::PaymentReceived => "pr",
            Self::Test => "wt",
        }
    }

    /// Comma-separated, so that equal sets are equal texts.
    pub fn join(kinds: &[Self]) -> String {
        kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(",")
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| format!("must be one of {}", names()))
    }
}

/// Where an account wants to hear of events.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub id: WebhookId,
    pub account: AccountId,
    /// `None` hears of every agent.
    pub agent: Option<AgentId>,
    pub url: String,
    pub events: Vec<EventType>,
    pub status: String,
    /// `manual`, `gone` or `failing`.
    pub disabled_reason: Option<String>,
    pub disabled_at: Option<Time>,
    /// Since when every try has failed.
    pub failing_since: Option<Time>,
    /// While its secret is being rotated: when the earlier one stops signing.
    pub flip_at: Option<Time>,
    pub created_at: Time,
    pub last_triggered_at: Option<Time>,
    /// Deliveries that ended well among the newest 1,000 that ended in the last 30 days.
    pub success_rate: Option<f64>,
}

/// Why a webhook is disabled.
pub const DISABLED_REASONS: &[&str] = &["manual", "gone", "failing"];

/// The fields of a new webhook, checked; its address has yet to prove itself.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    pub url: String,
    pub events: Vec<EventType>,
    pub agent: Option<AgentId>,
}

impl NewWebhook {
    pub fn parse(body: &Map<String, Value>, policy: &UrlPolicy) -> Result<Self, Rejection> {
        let mut fields = Fields::new(body);
        fields.required("url");
        fields.required("events");
        let not_null = |fields: &Fields, name| fields.sent(name).is_some_and(|value| !value.is_null());
        let sent_url = if not_null(&fields, "url") { fields.parsed("url", |text| url::checked(text, policy)) } else { None };
        let events = if not_null(&fields, "events") { fields.list("events", 1..=EVENTS_MAX, EventType::parse) } else { None };
        let agent = if not_null(&fields, "agent_id") { fields.parsed("agent_id", agent_id) } else { None };
        fields.finish()?;
        Ok(Self { url: sent_url.unwrap_or_default(), events: in_order(events.unwrap_or_default()), agent })
    }
}

/// The fields of a webhook that an update names.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    /// A new address has to prove itself like the first one.
    pub url: Option<String>,
    pub events: Option<Vec<EventType>>,
    /// `Some(None)` hears of every agent again.
    pub agent: Option<Option<AgentId>>,
    pub enabled: Option<bool>,
}

impl WebhookChange {
    pub fn parse(body: &Map<String, Value>, policy: &UrlPolicy) -> Result<Self, Rejection> {
        let mut fields = Fields::new(body);
        let agent = match fields.sent("agent_id") {
            Some(Value::Null) => Some(None),
            _ => fields.parsed("agent_id", agent_id).map(Some),
        };
        let enabled = fields.parsed("status", |status| match status {
            "active" => Ok(true),
            "disabled" => Ok(false),
            _ => Err("must be active or disabled".to_owned()),
        });
        let change = Self {
            url: fields.parsed("url", |text| url::checked(text, policy)),
            events: fields.list("events", 1..=EVENTS_MAX, EventType::parse).map(in_order),
            agent,
            enabled,
        };
        fields.finish()?;
        Ok(change)
    }
}

/// Each type once, in the order of the documentation.
fn in_order(mut events: Vec<EventType>) -> Vec<EventType> {
    events.sort_unstable();
    events.dedup();
    events
}

/// Webhooks that one account may have.
pub const WEBHOOKS_MAX: usize = 20;
/// Room for every type several times over; repeats count once.
const EVENTS_MAX: usize = 50;

/// An id of another form names no agent, as one that does not exist: the store says so.
fn agent_id(text: &str) -> Result<AgentId, String> {
    Ok(AgentId::from_text(text.to_owned()))
}

/// What the last failure tells about when to come back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hint {
    /// The endpoint timed out or answered 429.
    pub overloaded: bool,
    /// From its `Retry-After` header.
    pub retry_after_ms: Option<i64>,
}

/// When to try again after `failed` attempts, or `None` when that was the last one.
///
/// Waits of 1, 8, 64, 512 and 4,096 times `base_ms`, each a fifth shorter to longer by `jitter`, from -1 to 1.
pub fn next_attempt(failed: u32, now: Time, base_ms: i64, jitter: f64, hint: Hint) -> Option<Time> {
    if failed >= ATTEMPTS_MAX {
        return None;
    }
    let exact_ms = base_ms.saturating_mul(8_i64.pow(failed.saturating_sub(1)));
    let jittered_ms = (exact_ms as f64 * (1.0 + 0.2 * jitter)) as i64;
    let least_ms = if hint.overloaded { base_ms.saturating_mul(6) } else { 0 };
    let delay_ms = jittered_ms.max(least_ms);
    // The endpoint may ask for patience, but neither to be hammered nor to be forgotten.
    let wait_ms = hint.retry_after_ms.unwrap_or_default().clamp(delay_ms, delay_ms.saturating_mul(2));
    Some(now.plus_ms(wait_ms))
}

/// Reads a `Retry-After` header: seconds, or an HTTP date.
pub fn retry_after_ms(value: &str, now: Time) -> Option<i64> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(value.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(SECOND_MS));
    }
    let date = DateTimeParser::new().relaxed_weekday(true).parse_timestamp(value).ok()?;
    Some(Time::from_ms(date.as_millisecond()).since(now).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_type_is_read_by_the_name_it_is_written_with() {
        for kind in EventType::ALL {
            assert_eq!(EventType::parse(kind.as_str()), Ok(kind));
        }
        assert!(EventType::parse("lead.Captured").unwrap_err().starts_with("must be one of lead.captured, "));
    }

    fn delay_ms(failed: u32, jitter: f64, hint: Hint) -> Option<i64> {
        let now = Time::from_ms(1_000_000);
        next_attempt(failed, now, RETRY_BASE_MS, jitter, hint).map(|next| next.since(now))
    }

    #[test]
    fn e02_e03_waits_grow_eightfold_and_the_sixth_failure_is_the_last() {
        let exact = [1, 2, 3, 4, 5, 6].map(|failed| delay_ms(failed, 0.0, Hint::default()));
        assert_eq!(exact, [Some(10_000), Some(80_000), Some(640_000), Some(5_120_000), Some(40_960_000), None]);
        assert_eq!(delay_ms(1, -1.0, Hint::default()), Some(8_000));
        assert_eq!(delay_ms(1, 1.0, Hint::default()), Some(12_000));
    }

    #[test]
    fn e04_an_overloaded_endpoint_is_left_alone_for_a_minute() {
        let overloaded = Hint { overloaded: true, retry_after_ms: None };
        assert_eq!(delay_ms(1, -1.0, overloaded), Some(60_000));
        assert_eq!(delay_ms(2, 0.0, overloaded), Some(80_000));
    }

    #[test]
    fn e10_retry_after_moves_the_next_try_within_bounds() {
        let check = |asked_ms, expected_ms| {
            let hint = Hint { overloaded: false, retry_after_ms: Some(asked_ms) };
            assert_eq!(delay_ms(1, 0.0, hint), Some(expected_ms));
        };
        check(0, 10_000);
        check(5_000, 10_000);
        check(15_000, 15_000);
        check(20_001, 20_000);
        check(i64::MAX, 20_000);
    }

    #[test]
    fn e10_retry_after_is_read_as_seconds_or_as_a_date() {
        let now = Time::parse("2026-03-15T08:30:00Z").unwrap();
        let check = |value, expected| assert_eq!(retry_after_ms(value, now), expected, "{value}");
        check("120", Some(120_000));
        check(" 0 ", Some(0));
        check("Sun, 15 Mar 2026 08:31:00 GMT", Some(60_000));
        check("Mon, 15 Mar 2026 08:31:00 GMT", Some(60_000));
        check("Sun, 15 Mar 2020 08:31:00 GMT", Some(0));
        check("99999999999999999999", Some(i64::MAX));
        for wrong in ["", "-1", "abc", "1.5", "+5", "2026-03-15T08:31:00Z"] {
            check(wrong, None);
        }
    }
}
