//! Copies of the whole database: how they are called, and which of them are kept.

use crate::domain::time::{DAY_MS, SECOND_MS, Time};

/// Why a copy was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Daily,
    ByHand,
    Migration,
}

impl Why {
    const PREFIXES: [(Self, &'static str); 3] =
        [(Self::Daily, "daily-"), (Self::ByHand, "by-hand-"), (Self::Migration, "before-migration-")];

    pub fn label(self) -> &'static str {
        match self {
            Self::Daily => "Daily",
            Self::ByHand => "By hand",
            Self::Migration => "Before a migration",
        }
    }
}

/// A finished copy in the folder `backups`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    pub name: String,
    pub why: Why,
    pub made_at: Time,
    pub size_bytes: u64,
}

/// `daily-2026-03-06T122640Z.db`
pub fn name(why: Why, now: Time) -> String {
    let prefix = if why == Why::Daily { "daily-" } else { "by-hand-" };
    format!("{prefix}{}.db", stamp(now))
}

/// `before-migration-14-2026-03-06T122640Z.db`
pub fn before_migration(version: i64, now: Time) -> String {
    format!("before-migration-{version}-{}.db", stamp(now))
}

/// Without the colons of RFC 3339, which some file systems do not take.
fn stamp(time: Time) -> String {
    time.to_string().replace(':', "")
}

/// Older versions wrote the seconds since 1970.
fn parse_stamp(text: &str) -> Option<Time> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds: i64 = text.parse().ok().filter(|seconds| *seconds <= 253_402_300_799)?;
        return Some(Time::from_ms(seconds * SECOND_MS));
    }
    let (hour, rest) = text.split_at_checked("2026-03-06T12".len())?;
    let (minute, second) = rest.split_at_checked(2)?;
    let time = Time::parse(&format!("{hour}:{minute}:{second}"))?;
    // One way to write it, so that each copy has one name.
    (stamp(time) == text).then_some(time)
}

/// What a file's name tells; nothing of what is no backup, such as one that is still being made.
pub fn parse(name: &str) -> Option<(Why, Time)> {
    let (why, rest) = Why::PREFIXES.into_iter().find_map(|(why, prefix)| Some((why, name.strip_prefix(prefix)?)))?;
    let rest = rest.strip_suffix(".db")?;
    // Before a migration, the version stands before the time.
    let text = if why == Why::Migration { rest.split_once('-')?.1 } else { rest };
    Some((why, parse_stamp(text)?))
}

/// The daily ones that are not kept any more: beyond the newest `daily`, the newest of each of `weekly` weeks stays. Those
/// that a wrong clock put into the future take nobody's place.
pub fn superfluous(backups: &[Backup], now: Time, daily: usize, weekly: usize) -> Vec<&Backup> {
    let mut all: Vec<_> = backups.iter().filter(|backup| backup.why == Why::Daily && backup.made_at <= now).collect();
    all.sort_by_key(|backup| std::cmp::Reverse(backup.made_at));
    let mut weeks = Vec::new();
    let mut old = Vec::new();
    for (place, backup) in all.into_iter().enumerate() {
        let week = backup.made_at.ms().div_euclid(7 * DAY_MS);
        let is_new_week = !weeks.contains(&week);
        if is_new_week {
            weeks.push(week);
        }
        let kept_for_its_week = is_new_week && weeks.len() <= weekly;
        if daily <= place && !kept_for_its_week {
            old.push(backup);
        }
    }
    old
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(Why, i64)>) {
        assert_eq!(parse(text).map(|(why, at)| (why, at.seconds())), expected, "{text}");
    }

    #[test]
    fn only_finished_backups_are_listed() {
        check("daily-1772800000.db", Some((Why::Daily, 1_772_800_000)));
        check("by-hand-1772800000.db", Some((Why::ByHand, 1_772_800_000)));
        check("before-migration-14-1772800000.db", Some((Why::Migration, 1_772_800_000)));
        check("daily-2026-03-06T122640Z.db", Some((Why::Daily, 1_772_800_000)));
        check("by-hand-2026-03-06T122640Z.db", Some((Why::ByHand, 1_772_800_000)));
        check("before-migration-14-2026-03-06T122640Z.db", Some((Why::Migration, 1_772_800_000)));
        let none = [
            "",
            "daily-.db",
            "daily-1772800000.db.partial",
            "daily-2026-03-06T122640Z.db.partial",
            "daily--1.db",
            "daily-+1.db",
            "chatforge.db",
            "daily-../../x.db",
            "daily-9e9.db",
            "daily-2026-03-06.db",
            "daily-2026-03-06T122640.db",
            "daily-2026-03-06T12:26:40Z.db",
            "daily-2026-03-06T1226é0Z.db",
            "daily-2026-02-30T122640Z.db",
            "daily-2026-03-06t122640z.db",
        ];
        none.into_iter().for_each(|text| check(text, None));
        assert_eq!(name(Why::ByHand, Time::from_ms(1_796_071_932_999)), "by-hand-2026-11-30T205212Z.db");
        assert_eq!(before_migration(14, Time::from_ms(1_796_071_932_999)), "before-migration-14-2026-11-30T205212Z.db");
        assert_eq!(
            parse(&name(Why::ByHand, Time::from_ms(1_772_800_000_999))),
            Some((Why::ByHand, Time::from_ms(1_772_800_000_000)))
        );
    }

    /// Days of which one daily backup each is there; today is day 100, a Sunday being day 97 and so on.
    fn kept(days: std::ops::RangeInclusive<i64>, daily: usize, weekly: usize) -> Vec<i64> {
        let made =
            |day: i64| Backup { name: day.to_string(), why: Why::Daily, made_at: Time::from_ms(day * DAY_MS), size_bytes: 1 };
        let mut backups: Vec<_> = days.map(made).collect();
        let old: Vec<_> = superfluous(&backups, Time::from_ms(100 * DAY_MS), daily, weekly).into_iter().cloned().collect();
        backups.retain(|backup| !old.contains(backup));
        backups.iter().map(|backup| backup.made_at.ms() / DAY_MS).collect()
    }

    #[test]
    fn days_are_kept_and_then_weeks() {
        assert_eq!(kept(98..=100, 7, 4), [98, 99, 100]);
        assert_eq!(kept(60..=100, 3, 4), [83, 90, 97, 98, 99, 100]);
        assert_eq!(kept(60..=100, 2, 0), [99, 100]);
        assert_eq!(kept(60..=100, 0, 2), [97, 100]);
        assert_eq!(kept(96..=105, 2, 0), [99, 100, 101, 102, 103, 104, 105]);
        let by_hand = Backup { name: String::new(), why: Why::ByHand, made_at: Time::from_ms(0), size_bytes: 0 };
        assert!(superfluous(&[by_hand], Time::from_ms(1), 0, 0).is_empty());
    }
}
