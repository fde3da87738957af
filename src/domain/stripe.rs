//! What Stripe's events say, as far as it matters here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::time::Time;

/// Lines of an invoice, or items of a subscription, that are looked at.
const LINES_MAX: usize = 20;
/// Of an identifier that Stripe made; its own limit.
const ID_BYTES_MAX: usize = 255;

/// One event, as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct StripeEvent {
    pub id: String,
    pub is_live: bool,
    /// `None` for what does not matter here.
    pub notice: Option<Notice>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    Checkout(Checkout),
    Billing(Billing),
}

/// Somebody has paid as this account.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkout {
    pub customer: String,
    /// What the payment link was told; it went through a browser, so it may be anything.
    pub account: String,
}

/// What is told of a customer. Kept as JSON while no account is linked to the customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Billing {
    Paid(PaidInvoice),
    Changed(Subscription),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaidInvoice {
    pub customer: String,
    pub invoice: String,
    pub amount_cents: i64,
    pub currency: String,
    pub invoice_url: Option<String>,
    pub paid_at_seconds: i64,
    /// The line that the plan is likeliest to stand in comes first; never empty.
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub price: Option<String>,
    pub start_seconds: i64,
    pub end_seconds: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    pub customer: String,
    pub id: String,
    pub prices: Vec<String>,
    pub state: State,
    pub started_at_seconds: i64,
    /// Events come in any order: an older one never overwrites what a newer one said.
    pub changed_at_seconds: i64,
    /// Orders the events of one second: created, updated, deleted.
    pub change: i64,
}

/// What a subscription means for the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not paid yet: the plan stays.
    Open,
    Live,
    Ended,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Live => "live",
            Self::Ended => "ended",
        }
    }

    fn of(status: &str, is_deleted: bool) -> Self {
        match status {
            _ if is_deleted => Self::Ended,
            // A payment that is late is asked for again, for weeks: that ends with `unpaid` or `canceled`.
            "active" | "trialing" | "past_due" => Self::Live,
            "canceled" | "unpaid" | "incomplete_expired" | "paused" => Self::Ended,
            _ => Self::Open,
        }
    }
}

/// Which plan a price stands for, and which plan is left when nothing is paid any more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    pub plans: BTreeMap<String, String>,
    pub canceled_plan: String,
}

impl Prices {
    pub fn plan<'a>(&self, mut prices: impl Iterator<Item = &'a String>) -> Option<&str> {
        prices.find_map(|price| self.plans.get(price)).map(String::as_str)
    }

    /// The line that names a plan, else the likeliest one.
    pub fn line<'a>(&self, invoice: &'a PaidInvoice) -> Option<&'a Line> {
        let names_plan = |line: &&Line| line.price.as_ref().is_some_and(|price| self.plans.contains_key(price));
        invoice.lines.iter().find(names_plan).or_else(|| invoice.lines.first())
    }
}

impl Billing {
    pub fn customer(&self) -> &str {
        match self {
            Self::Paid(invoice) => &invoice.customer,
            Self::Changed(subscription) => &subscription.customer,
        }
    }
}

impl StripeEvent {
    /// `None` where this is no event, or where one of a kind that matters lacks what it must have.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let event: Value = serde_json::from_slice(body).ok()?;
        let created_seconds = event.get("created")?.as_i64()?;
        let object = event.pointer("/data/object")?;
        let notice = match event.get("type")?.as_str()? {
            "checkout.session.completed" => checkout(object).map(Notice::Checkout),
            "invoice.paid" => paid(object, created_seconds)?.map(|invoice| Notice::Billing(Billing::Paid(invoice))),
            kind => match kind.strip_prefix("customer.subscription.").and_then(place) {
                Some(change) => Some(Notice::Billing(Billing::Changed(subscription(object, created_seconds, change)?))),
                None => None,
            },
        };
        Some(Self { id: id(&event["id"])?, is_live: event.get("livemode")?.as_bool()?, notice })
    }
}

fn place(change: &str) -> Option<i64> {
    let changes = ["created", "updated", "deleted"];
    changes.iter().position(|known| *known == change).and_then(|place| i64::try_from(place).ok())
}

/// A session without a customer, or that names no account, is none of ours.
fn checkout(session: &Value) -> Option<Checkout> {
    Some(Checkout { customer: id(&session["customer"])?, account: id(&session["client_reference_id"])? })
}

/// An invoice over nothing, as at the beginning of a trial, is no payment.
fn paid(invoice: &Value, created_seconds: i64) -> Option<Option<PaidInvoice>> {
    let amount_cents = invoice.get("amount_paid")?.as_i64()?;
    if amount_cents <= 0 {
        return Some(None);
    }
    let paid_at = invoice.pointer("/status_transitions/paid_at").and_then(Value::as_i64);
    Some(Some(PaidInvoice {
        customer: id(&invoice["customer"])?,
        invoice: id(&invoice["id"])?,
        amount_cents,
        currency: invoice.get("currency")?.as_str()?.to_ascii_lowercase(),
        invoice_url: invoice["hosted_invoice_url"].as_str().map(str::to_owned),
        paid_at_seconds: paid_at.unwrap_or(created_seconds),
        lines: lines(invoice, created_seconds),
    }))
}

/// A subscription's own lines come first, and what only makes up for a change in the middle of a month comes last.
fn lines(invoice: &Value, created_seconds: i64) -> Vec<Line> {
    let seconds = |value: &Value, otherwise: &Value| value.as_i64().or_else(|| otherwise.as_i64()).unwrap_or(created_seconds);
    let read = |line: &Value| Line {
        price: price(line),
        start_seconds: seconds(&line["period"]["start"], &invoice["period_start"]),
        end_seconds: seconds(&line["period"]["end"], &invoice["period_end"]),
    };
    let mut found: Vec<&Value> = invoice["lines"]["data"].as_array().into_iter().flatten().take(LINES_MAX).collect();
    found.sort_by_key(|line| (is_proration(line), !is_of_subscription(line)));
    if found.is_empty() { vec![read(&Value::Null)] } else { found.into_iter().map(read).collect() }
}

/// Where Stripe has it since 2025, and where it had it before.
fn price(line: &Value) -> Option<String> {
    id(&line["pricing"]["price_details"]["price"]).or_else(|| id(&line["price"])).or_else(|| id(&line["plan"]))
}

fn is_of_subscription(line: &Value) -> bool {
    line["type"] == "subscription" || line["parent"]["type"] == "subscription_item_details"
}

fn is_proration(line: &Value) -> bool {
    let details = ["subscription_item_details", "invoice_item_details"];
    line["proration"] == true || details.iter().any(|details| line["parent"][*details]["proration"] == true)
}

fn subscription(subscription: &Value, created_seconds: i64, change: i64) -> Option<Subscription> {
    let is_deleted = place("deleted") == Some(change);
    let items = subscription["items"]["data"].as_array().into_iter().flatten().take(LINES_MAX);
    Some(Subscription {
        customer: id(&subscription["customer"])?,
        id: id(&subscription["id"])?,
        prices: items.filter_map(price).collect(),
        state: State::of(subscription.get("status")?.as_str()?, is_deleted),
        started_at_seconds: subscription["created"].as_i64().unwrap_or(created_seconds),
        changed_at_seconds: created_seconds,
        change,
    })
}

/// An identifier, or that of the object that stands in its place.
fn id(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| value["id"].as_str())?;
    (1..=ID_BYTES_MAX).contains(&text.len()).then(|| text.to_owned())
}

/// Stripe counts seconds.
pub fn time(seconds: i64) -> Time {
    Time::from_ms(seconds.saturating_mul(crate::domain::time::SECOND_MS))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_price_of_an_invoice_is_that_of_the_subscription_and_not_of_a_proration() {
        let line = |kind: &str, proration: bool, price: &str, start: i64| json!({ "type": kind, "proration": proration, "price": { "id": price }, "period": { "start": start, "end": start + 1 } });
        let item = json!({ "parent": { "type": "subscription_item_details", "subscription_item_details": { "proration": false } },
            "pricing": { "price_details": { "price": "new" } }, "period": { "start": 7, "end": 8 } });
        let check = |data: Value, expected: &[&str]| {
            let lines = lines(&json!({ "lines": { "data": data } }), 0);
            assert_eq!(lines.iter().filter_map(|line| line.price.as_deref()).collect::<Vec<_>>(), expected);
        };
        let (prorated, extra) = (line("subscription", true, "a", 1), line("invoiceitem", false, "b", 2));
        check(json!([prorated, extra, line("subscription", false, "c", 3)]), &["c", "b", "a"]);
        check(json!([prorated, item]), &["new", "a"]);
        check(json!([prorated]), &["a"]);
        check(json!([]), &[]);
    }

    #[test]
    fn a_line_whose_price_is_known_counts_before_others() {
        let line = |price: &str| Line { price: Some(price.into()), start_seconds: 0, end_seconds: 1 };
        let invoice = |lines: Vec<Line>| PaidInvoice {
            customer: "cus_1".into(),
            invoice: "in_1".into(),
            amount_cents: 1,
            currency: "usd".into(),
            invoice_url: None,
            paid_at_seconds: 0,
            lines,
        };
        let prices = Prices { plans: BTreeMap::from([("p".into(), "growth".into())]), canceled_plan: "free".into() };
        assert_eq!(prices.line(&invoice(vec![line("seats"), line("p")])), Some(&line("p")));
        assert_eq!(prices.line(&invoice(vec![line("seats"), line("setup")])), Some(&line("seats")));
    }

    #[test]
    fn what_is_no_event_is_not_read() {
        let event = json!({ "id": "evt_1", "type": "invoice.paid", "created": 1, "livemode": true, "data": { "object": {} } });
        assert_eq!(StripeEvent::parse(event.to_string().as_bytes()), None, "an invoice without an amount");
        for lacking in ["id", "type", "created", "livemode", "data"] {
            let mut less = event.clone();
            less["type"] = json!("charge.succeeded");
            assert!(StripeEvent::parse(less.to_string().as_bytes()).is_some_and(|event| event.notice.is_none()));
            less.as_object_mut().unwrap().remove(lacking);
            assert_eq!(StripeEvent::parse(less.to_string().as_bytes()), None, "{lacking}");
        }
        assert_eq!(StripeEvent::parse(b"[]"), None);
    }
}
