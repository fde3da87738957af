//! Which of an account's API requests somebody wants to see.

use crate::domain::id::KeyId;
use crate::domain::time::{DAY_MS, Time};

pub const METHODS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "HEAD"];

/// How a request went, by the first digit of its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Answered,
    Refused,
    Failed,
}

impl Outcome {
    pub const ALL: [Self; 3] = [Self::Answered, Self::Refused, Self::Failed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// The first status that belongs to it, and the first that does not any more.
    pub fn statuses(self) -> (u16, u16) {
        match self {
            Self::Answered => (100, 400),
            Self::Refused => (400, 500),
            Self::Failed => (500, 600),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    pub key: Option<KeyId>,
    pub method: Option<&'static str>,
    pub outcome: Option<Outcome>,
    /// A part of the path, such as an agent's id.
    pub path: Option<String>,
    /// The first and the last day, in UTC.
    pub from: Option<Time>,
    pub to: Option<Time>,
}

impl RequestFilter {
    /// From this instant on, and before that one.
    pub fn span(&self) -> (Time, Time) {
        let until = self.to.map_or(Time::from_ms(i64::MAX), |day| day.plus_ms(DAY_MS));
        (self.from.unwrap_or(Time::from_ms(i64::MIN)), until)
    }
}

/// The place of a request in the log: the list goes on behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    pub at: Time,
    pub row: i64,
}

impl Behind {
    pub fn parse(text: &str) -> Option<Self> {
        let (at, row) = text.split_once('-')?;
        Some(Self { at: Time::from_ms(at.parse().ok()?), row: row.parse().ok()? })
    }

    pub fn text(self) -> String {
        format!("{}-{}", self.at.ms(), self.row)
    }
}

/// The day of a form's field, such as `2026-03-15`.
pub fn day_of(text: &str) -> Option<Time> {
    (text.len() == 10).then(|| Time::parse(&format!("{text}T00:00:00Z")))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_log_is_read_as_it_is_written() {
        let behind = Behind { at: Time::from_ms(1_772_800_000_123), row: 42 };
        assert_eq!(Behind::parse(&behind.text()), Some(behind));
        for wrong in ["", "-", "1", "a-1", "1-b"] {
            assert_eq!(Behind::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_a_day_is_a_day() {
        assert_eq!(day_of("2026-03-15").map(|day| day.to_string()).as_deref(), Some("2026-03-15T00:00:00Z"));
        for wrong in ["", "2026-3-15", "2026-02-30", "2026-03-15T08:30", "yesterday!"] {
            assert_eq!(day_of(wrong), None, "{wrong}");
        }
    }
}
