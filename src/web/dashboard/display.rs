//! How times, sizes, durations and addresses are written on pages.

use std::fmt;

use crate::domain::time::Time;

/// A moment: `iso` for machines and the script, `text` for readers without it (UTC).
#[derive(Clone)]
pub struct When {
    pub iso: String,
    pub text: String,
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl When {
    pub fn new(time: Time) -> When {
        let iso = time.to_string();
        let text = spelled_out(&iso).unwrap_or_else(|| iso.clone());
        When { iso, text }
    }

    /// The time of day alone, for lines that follow each other within minutes.
    pub fn clock(&self) -> &str {
        self.iso.get(11..16).unwrap_or(&self.text)
    }
}

/// `2026-03-15T08:30:00Z` as `15 Mar 2026, 08:30`.
fn spelled_out(iso: &str) -> Option<String> {
    let month: usize = iso.get(5..7)?.parse().ok()?;
    let day: u8 = iso.get(8..10)?.parse().ok()?;
    let name = MONTHS.get(month.checked_sub(1)?)?;
    Some(format!("{day} {name} {}, {}", iso.get(..4)?, iso.get(11..16)?))
}

/// A number of bytes, written short: `812 B`, `24.5 kB`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes @ 0..1_000 => write!(f, "{bytes} B"),
            bytes @ 1_000..1_000_000 => write!(f, "{:.1} kB", bytes as f64 / 1e3),
            bytes => write!(f, "{:.1} MB", bytes as f64 / 1e6),
        }
    }
}

/// A length of time in seconds, written short: `48 s`, `4 min 5 s`, `1 h 12 min`.
#[derive(Clone, Copy)]
pub struct Duration(pub u64);

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 3600, self.0 / 60 % 60, self.0 % 60) {
            (0, 0, seconds) => write!(f, "{seconds} s"),
            (0, minutes, 0) => write!(f, "{minutes} min"),
            (0, minutes, seconds) => write!(f, "{minutes} min {seconds} s"),
            (hours, 0, _) => write!(f, "{hours} h"),
            (hours, minutes, _) => write!(f, "{hours} h {minutes} min"),
        }
    }
}

/// Milliseconds as a reader thinks of them: `40 ms`, `1.2 s`.
pub fn duration_ms(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        ms => format!("{:.1} s", ms as f64 / 1e3),
    }
}

/// A number of rows, which is never negative.
pub fn count(rows: i64) -> u64 {
    u64::try_from(rows).unwrap_or_default()
}

/// The beginning of a text, on one line.
pub fn beginning(text: &str, chars_max: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= chars_max {
        return line;
    }
    let cut: String = line.chars().take(chars_max).collect();
    format!("{}…", cut.trim_end())
}

/// The address of a visitor's page. It comes from the visitor, so only http and https become links.
#[derive(Clone, Default)]
pub struct PageUrl(pub String);

impl PageUrl {
    pub fn href(&self) -> Option<&str> {
        self.without_scheme().map(|_| self.0.as_str())
    }

    /// The address without `https://`, which says nothing to a reader.
    pub fn text(&self) -> &str {
        self.without_scheme().unwrap_or(&self.0)
    }

    fn without_scheme(&self) -> Option<&str> {
        let (scheme, rest) = self.0.split_once("://")?;
        let web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
        (web && !rest.is_empty()).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_spelled_out() {
        let when = When::new(Time::from_ms(1_773_563_400_000));
        assert_eq!((when.text.as_str(), when.clock()), ("15 Mar 2026, 08:30", "08:30"));
    }

    #[test]
    fn sizes_and_durations_are_short() {
        assert_eq!(Size(812).to_string(), "812 B");
        assert_eq!(Size(24_500).to_string(), "24.5 kB");
        assert_eq!((duration_ms(40), duration_ms(1_234)), ("40 ms".to_owned(), "1.2 s".to_owned()));
        assert_eq!(Duration(48).to_string(), "48 s");
        assert_eq!(Duration(245).to_string(), "4 min 5 s");
        assert_eq!(Duration(4_320).to_string(), "1 h 12 min");
    }

    #[test]
    fn only_web_addresses_become_links() {
        let link = |url: &str| PageUrl(url.to_owned()).href().is_some();
        assert!(link("https://example.com/") && link("HTTP://example.com"));
        assert!(!link("javascript://x%0aalert(1)") && !link("data:text/html,x") && !link(""));
    }
}
