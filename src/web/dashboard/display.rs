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

    /// The day alone.
    pub fn day(&self) -> &str {
        self.text.split_once(',').map_or(&self.text, |(day, _)| day)
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

/// An amount in a currency's smallest unit, written in its main one: `29.00 EUR`, `2900 JPY`.
pub fn amount(smallest: i64, currency: &str) -> String {
    const WHOLE: [&str; 16] =
        ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"];
    const THOUSANDTHS: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];
    let written = match currency {
        whole if WHOLE.contains(&whole) => smallest.to_string(),
        fine if THOUSANDTHS.contains(&fine) => format!("{:.3}", smallest as f64 / 1e3),
        _ => format!("{:.2}", smallest as f64 / 1e2),
    };
    format!("{written} {}", currency.to_uppercase())
}

/// A browser as its owner calls it: `Firefox on Windows`; what names itself otherwise is shown as it does.
pub fn browser(user_agent: &str) -> String {
    // Most claim to be others too, so the first that is found counts.
    const BROWSERS: [(&str, &str); 5] =
        [("Firefox/", "Firefox"), ("Edg/", "Edge"), ("OPR/", "Opera"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    const SYSTEMS: [(&str, &str); 6] = [
        ("iPhone", "an iPhone"),
        ("iPad", "an iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "a Mac"),
        ("Linux", "Linux"),
    ];
    let named = |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name);
    match (named(&BROWSERS), named(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ if user_agent.trim().is_empty() => "Unknown".to_owned(),
        _ => beginning(user_agent, 60),
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

/// What a phone dials of a number as people write it: `+49 (0)30 123-45, ext. 6` is `+493012345`.
pub fn dialled(number: &str) -> String {
    let number = number.trim();
    let abroad = number.starts_with('+') || number.starts_with("00");
    let number = if abroad { number.replacen("(0)", "", 1) } else { number.to_owned() };
    let digits = number.chars().take_while(|letter| !letter.is_alphabetic() && *letter != ',');
    let dialled = digits.enumerate().filter(|(at, letter)| letter.is_ascii_digit() || (*at == 0 && *letter == '+'));
    dialled.map(|(_, letter)| letter).collect()
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
        assert_eq!(when.day(), "15 Mar 2026");
    }

    #[test]
    fn sizes_and_durations_are_short() {
        assert_eq!((duration_ms(40), duration_ms(1_234)), ("40 ms".to_owned(), "1.2 s".to_owned()));
        assert_eq!(Duration(48).to_string(), "48 s");
        assert_eq!(Duration(245).to_string(), "4 min 5 s");
        assert_eq!(Duration(4_320).to_string(), "1 h 12 min");
    }

    #[test]
    fn amounts_have_the_places_of_their_currency() {
        assert_eq!(amount(2_900, "eur"), "29.00 EUR");
        assert_eq!((amount(2_900, "jpy"), amount(2_900, "kwd")), ("2900 JPY".to_owned(), "2.900 KWD".to_owned()));
    }

    #[test]
    fn browsers_go_by_the_name_their_owner_knows() {
        let check = |user_agent, expected: &str| assert_eq!(browser(user_agent), expected);
        check(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0",
            "Edge on Windows",
        );
        check("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on an iPhone");
        check("curl/8.5.0", "curl/8.5.0");
        check("", "Unknown");
    }

    #[test]
    fn a_number_is_dialled_without_what_people_write_around_it() {
        let check = |number, expected: &str| assert_eq!(dialled(number), expected, "{number}");
        check("+49 (0)30 123-45", "+493012345");
        check("0049 (0) 30 12345", "00493012345");
        check("(030) 123 45", "03012345");
        check("030/12345", "03012345");
        check(" +1 555.010.0123 ", "+15550100123");
        check("555-0123 ext. 6", "5550123");
        check("555-0123, 6", "5550123");
        check("1+2", "12");
        check("+", "+");
        check("", "");
        check("javascript:1", "");
    }

    #[test]
    fn only_web_addresses_become_links() {
        let link = |url: &str| PageUrl(url.to_owned()).href().is_some();
        assert!(link("https://example.com/") && link("HTTP://example.com"));
        assert!(!link("javascript://x%0aalert(1)") && !link("data:text/html,x") && !link(""));
    }
}
