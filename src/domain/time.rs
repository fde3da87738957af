//! Instants in UTC: stored as milliseconds, shown as RFC 3339 in whole seconds.

use std::fmt;

use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

pub const SECOND_MS: i64 = 1_000;
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Time(i64);

impl Time {
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    pub const fn ms(self) -> i64 {
        self.0
    }

    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND_MS)
    }

    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant; negative when it is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads RFC 3339 with an offset; `None` for dates alone and for days that do not exist.
    pub fn parse(text: &str) -> Option<Self> {
        let has_time = text.len() >= 20 && matches!(text.as_bytes()[10], b'T' | b't');
        let instant: Timestamp = text.parse().ok().filter(|_| has_time)?;
        Some(Self(instant.as_millisecond()))
    }

    /// `2026-03`: the month in which quotas are counted.
    pub fn month(self) -> String {
        let date = self.civil();
        format!("{:04}-{:02}", date.year(), date.month())
    }

    pub fn month_start(self) -> Self {
        Self::midnight(self.civil().date().first_of_month())
    }

    pub fn next_month_start(self) -> Self {
        let last = self.civil().date().last_of_month();
        Self::midnight(last.tomorrow().unwrap_or(last))
    }

    /// The same day and time of the next month, or that month's last day where it is shorter.
    pub fn a_month_later(self) -> Self {
        let later = self.civil().saturating_add(1.month()).to_zoned(TimeZone::UTC);
        Self(later.map_or(self.0, |z| z.timestamp().as_millisecond()))
    }

    pub fn day_start(self) -> Self {
        Self(self.0 - self.0.rem_euclid(DAY_MS))
    }

    fn midnight(date: civil::Date) -> Self {
        Self(date.to_zoned(TimeZone::UTC).map_or(0, |z| z.timestamp().as_millisecond()))
    }

    fn civil(self) -> civil::DateTime {
        let instant = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        TimeZone::UTC.to_datetime(instant)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let instant = Timestamp::from_second(self.seconds()).unwrap_or(Timestamp::UNIX_EPOCH);
        write!(f, "{instant:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_in_whole_seconds() {
        assert_eq!(Time::from_ms(1_773_563_400_999).to_string(), "2026-03-15T08:30:00Z");
    }

    #[test]
    fn only_full_instants_are_read() {
        let read = |text| Time::parse(text).map(|t| t.to_string());
        assert_eq!(read("2026-03-01T00:00:00Z").as_deref(), Some("2026-03-01T00:00:00Z"));
        assert_eq!(read("2026-03-01T02:00:00+02:00").as_deref(), Some("2026-03-01T00:00:00Z"));
        for wrong in ["yesterday", "2026-03-01", "2026-02-30T00:00:00Z", "2026-03-01T00:00:00", "2026-03-01T00:00:00 02:00", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn months_turn_in_utc() {
        let time = Time::parse("2026-12-31T23:59:59Z").unwrap();
        assert_eq!(time.month(), "2026-12");
        assert_eq!(time.month_start().to_string(), "2026-12-01T00:00:00Z");
        assert_eq!(time.next_month_start().to_string(), "2027-01-01T00:00:00Z");
        assert_eq!(time.a_month_later().to_string(), "2027-01-31T23:59:59Z");
        assert_eq!(time.a_month_later().a_month_later().to_string(), "2027-02-28T23:59:59Z");
        assert_eq!(time.day_start().to_string(), "2026-12-31T00:00:00Z");
    }
}
