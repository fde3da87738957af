//! For how long an account keeps what, and how much of it is old enough to go.

use crate::domain::time::{DAY_MS, Time};
use crate::domain::{Invalid, Rejection};

/// Ten years; longer is for ever.
pub const DAYS_MAX: u32 = 3_650;
/// What failed to be delivered can be sent again for a while.
pub const LOG_DAYS_MIN: u32 = 7;

/// What an account chose; nothing is the configuration's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// 0 is for ever.
    pub conversations_days: Option<u32>,
    pub events_days: Option<u32>,
    pub requests_days: Option<u32>,
    pub leads_too: bool,
}

/// What holds for an account: rows from before these instants are forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub conversations: Option<Time>,
    pub leads: Option<Time>,
    pub events: Time,
    pub requests: Time,
}

/// Rows that the next run forgets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgettable {
    pub conversations: i64,
    pub leads: i64,
    pub events: i64,
    pub requests: i64,
}

impl Forgettable {
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

impl Chosen {
    /// From the texts of a form: an empty one takes the default.
    pub fn parse(conversations: &str, events: &str, requests: &str, leads_too: bool) -> Result<Self, Rejection> {
        let mut failures = Vec::new();
        let mut days = |field: &str, text: &str, least: u32| match text.trim() {
            "" => None,
            text => {
                let days = text.parse().ok().filter(|days| (least..=DAYS_MAX).contains(days));
                if days.is_none() {
                    failures.push(Invalid::new(field, format!("must be a whole number from {least} to {DAYS_MAX}")));
                }
                days
            }
        };
        let chosen = Self {
            conversations_days: days("conversations_days", conversations, 0),
            events_days: days("events_days", events, LOG_DAYS_MIN),
            requests_days: days("requests_days", requests, LOG_DAYS_MIN),
            leads_too,
        };
        if failures.is_empty() { Ok(chosen) } else { Err(Rejection { lacks_required: false, failures }) }
    }

    /// `default` has a value for each number of days.
    pub fn limits(self, default: Self, now: Time) -> Limits {
        let ago = |own: Option<u32>, default: Option<u32>| {
            let days = own.or(default).unwrap_or_default();
            (days > 0).then(|| now.plus_ms(-i64::from(days) * DAY_MS))
        };
        let conversations = ago(self.conversations_days, default.conversations_days);
        let log = |own, default| ago(own, default).unwrap_or(Time::from_ms(i64::MIN));
        Limits {
            conversations,
            leads: conversations.filter(|_| self.leads_too),
            events: log(self.events_days, default.events_days),
            requests: log(self.requests_days, default.requests_days),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_days_within_bounds_are_taken() {
        let all = Chosen { conversations_days: Some(0), events_days: Some(7), requests_days: Some(3_650), leads_too: true };
        assert_eq!(Chosen::parse("0", " 7 ", "3650", true).ok(), Some(all));
        assert_eq!(Chosen::parse("", "", "", false).ok(), Some(Chosen::default()));
        for (conversations, events, requests) in [("-1", "", ""), ("3651", "", ""), ("", "6", ""), ("", "", "1.5"), ("x", "", "")]
        {
            assert!(Chosen::parse(conversations, events, requests, false).is_err(), "{conversations} {events} {requests}");
        }
    }

    #[test]
    fn what_was_not_chosen_is_the_default() {
        let default = Chosen { conversations_days: Some(2), events_days: Some(30), requests_days: Some(30), leads_too: false };
        let now = Time::from_ms(100 * DAY_MS);
        let limits = Chosen { events_days: Some(7), leads_too: true, ..Chosen::default() }.limits(default, now);
        let day = |day: i64| Time::from_ms(day * DAY_MS);
        assert_eq!(limits, Limits { conversations: Some(day(98)), leads: Some(day(98)), events: day(93), requests: day(70) });
        let for_ever = Chosen { conversations_days: Some(0), leads_too: true, ..Chosen::default() }.limits(default, now);
        assert_eq!((for_ever.conversations, for_ever.leads), (None, None));
    }
}
