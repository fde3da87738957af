//! Sending again what a webhook missed in a span of time.

use serde_json::{Map, Value};

use crate::domain::Rejection;
use crate::domain::input::Fields;
use crate::domain::time::Time;

/// Which events to send again.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// Both ends count.
    pub since: Time,
    pub until: Time,
    /// Also what arrived: for a receiver that has lost its own data.
    pub delivered_too: bool,
}

/// How many deliveries a recovery has put on their way.
#[derive(Clone, Debug)]
pub struct Recovered {
    pub recovery: Recovery,
    pub queued: usize,
}

impl Recovery {
    pub fn parse(body: &Map<String, Value>, now: Time) -> Result<Self, Rejection> {
        let mut fields = Fields::new(body);
        fields.required("since");
        let not_null = |fields: &Fields, name| fields.sent(name).is_some_and(|value| !value.is_null());
        let since = if not_null(&fields, "since") { fields.parsed("since", time) } else { None };
        let until = fields.parsed("until", time);
        let delivered_too = match fields.sent("include_delivered") {
            None => false,
            Some(Value::Bool(chosen)) => *chosen,
            Some(_) => {
                fields.fail("include_delivered", "must be true or false");
                false
            }
        };
        if let (Some(since), Some(until)) = (since, until)
            && until < since
        {
            fields.fail("until", "must not be before since");
        }
        fields.finish()?;
        Ok(Self { since: since.unwrap_or_default(), until: until.unwrap_or(now), delivered_too })
    }
}

fn time(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| "must be a time such as 2026-03-01T00:00:00Z".to_owned())
}
