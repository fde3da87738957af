//! Which part of a list a caller wants, and the addresses of the pages that visitors came from.

use url::{Url, form_urlencoded};

use crate::domain::input::{Text, line, text_of_form};
use crate::domain::time::Time;

pub const LIMIT_DEFAULT: i64 = 25;
pub const LIMIT_MAX: i64 = 100;
/// The largest whole number that every JSON reader keeps exact.
pub const OFFSET_MAX: i64 = (1 << 53) - 1;
pub const URL_CHARS_MAX: usize = 2_048;
/// The id of a row, as far as it can be judged before the row is looked for.
pub const CURSOR: Text = line(1..=100);
/// Of what an agent's owner names to be kept of visitors' addresses.
pub const PARAMETERS_MAX: usize = 20;
/// Where visitors come from: what most links of campaigns carry, and nothing of a person.
pub const PARAMETERS_DEFAULT: [&str; 1] = ["utm_*"];
const PARAMETER: Text = line(1..=64);
/// What is searched for.
pub const WORDS: Text = line(1..=200);

/// A window into a list that is ordered newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub limit: i64,
    pub offset: i64,
    /// Only rows strictly after this instant.
    pub since: Option<Time>,
    /// Only rows that follow the one with this id: exact also while rows are added, which an offset is not.
    pub after: Option<String>,
    pub filter: Filter,
    /// Whether `total` is wanted too; an export asks for page after page and needs it of none.
    pub counted: bool,
}

/// Which rows of a list are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub status: Option<&'static str>,
    /// Words that the row must hold somewhere.
    pub words: Option<String>,
}

impl Page {
    pub const fn first(limit: i64) -> Self {
        Self { limit, offset: 0, since: None, after: None, filter: Filter { status: None, words: None }, counted: true }
    }
}

/// Part of a list, and how many rows match in all.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    pub rows: Vec<T>,
    pub total: i64,
}

impl Filter {
    /// The words as a pattern of LIKE, to be compared in the lower case of SQLite, which is that of ASCII.
    pub fn pattern(&self) -> Option<String> {
        let words = self.words.as_ref()?.to_ascii_lowercase();
        let escaped = words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        Some(format!("%{escaped}%"))
    }
}

/// The address of a page if it can be shown and linked: http or https, no credentials, not too long.
pub fn page_url(text: &str) -> Option<String> {
    shown(&web_url(text)?)
}

/// The address of a visitor's page, as far as it may be kept: tokens of the website stand in fragments and parameters, so
/// of these only those stay that are named.
pub fn visited(text: &str, parameters: &[String]) -> Option<String> {
    let mut url = web_url(text)?;
    url.set_fragment(None);
    // Some servers take a semicolon for a separator, too: what stands behind one is a parameter of its own.
    let query = url.query().unwrap_or_default().split(['&', ';']);
    let kept: Vec<&str> = query.filter(|part| is_kept(part, parameters)).collect();
    let kept = kept.join("&");
    url.set_query(Some(kept.as_str()).filter(|query| !query.is_empty()));
    shown(&url)
}

/// The name of a parameter, or how those begin that are meant.
pub fn parameter(text: &str) -> Result<String, String> {
    let name = text_of_form(text, &PARAMETER)?;
    let is_plain = |name: &str| !name.is_empty() && name.chars().all(in_name);
    match is_plain(name.strip_suffix('*').unwrap_or(&name)) {
        true => Ok(name),
        false => Err("must be a parameter name such as gclid, or a prefix such as utm_*".to_owned()),
    }
}

/// A name with other characters, once it is decoded, could hide a second parameter.
fn is_kept(part: &str, parameters: &[String]) -> bool {
    let Some((name, _)) = form_urlencoded::parse(part.as_bytes()).next() else { return false };
    let name = name.to_ascii_lowercase();
    let fits = |parameter: &String| {
        let parameter = parameter.to_ascii_lowercase();
        parameter.strip_suffix('*').map_or(name == parameter, |beginning| name.starts_with(beginning))
    };
    name.chars().all(in_name) && parameters.iter().any(fits)
}

const fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

fn shown(url: &Url) -> Option<String> {
    let plain = url.username().is_empty() && url.password().is_none();
    (plain && url.as_str().chars().count() <= URL_CHARS_MAX).then(|| url.to_string())
}

/// The page without query string and fragment, under which its visits are counted.
pub fn page_path(url: &str) -> Option<String> {
    let mut url = web_url(url)?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url.to_string())
}

/// The host of an `Origin` header or a page's address, lower-case.
pub fn host(url: &str) -> Option<String> {
    web_url(url)?.host_str().map(str::to_owned)
}

/// Scheme, host and port, as browsers write an `Origin`.
pub fn origin(url: &str) -> Option<String> {
    Some(web_url(url)?.origin().ascii_serialization())
}

fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_pages_without_credentials_are_kept() {
        assert_eq!(page_url("https://Example.com/a?b#c").as_deref(), Some("https://example.com/a?b#c"));
        for wrong in ["javascript:alert(1)", "data:text/html,x", "https://u:p@example.com/", "/pricing", ""] {
            assert_eq!(page_url(wrong), None, "{wrong}");
        }
        assert_eq!(page_url(&format!("https://example.com/{}", "a".repeat(URL_CHARS_MAX))), None);
    }

    #[test]
    fn of_a_visitors_address_only_the_named_parameters_are_kept() {
        let kept = ["utm_*", "gclid", "Ref"].map(str::to_owned);
        for (query, expected) in [
            ("", ""),
            ("?token=SECRET", ""),
            ("?token=SECRET#access_token=ALSO", ""),
            ("#/orders/SECRET", ""),
            ("#!utm_source=x", ""),
            ("?", ""),
            ("?utm_source=x&token=SECRET&gclid=1", "?utm_source=x&gclid=1"),
            ("?a=1&utm_source=x&a=2&utm_source=y", "?utm_source=x&utm_source=y"),
            ("?utm_source", "?utm_source"),
            ("?utm_source=&token", "?utm_source="),
            ("?UTM_Source=x&GCLID=2&REF=3&Token=SECRET", "?UTM_Source=x&GCLID=2&REF=3"),
            ("?utm_source=x;token=SECRET", "?utm_source=x"),
            ("?token=SECRET;utm_source=x", "?utm_source=x"),
            ("?%75tm_source=x&%74oken=SECRET", "?%75tm_source=x"),
            ("?utm_x%26token%3DSECRET=1", ""),
            ("?utm_x%23token%3DSECRET", ""),
            ("?utm_x+token=SECRET", ""),
            ("?utm_%D0%B0=1", ""),
            ("?utm_source=a%26b%3Dc", "?utm_source=a%26b%3Dc"),
            ("?xutm_source=SECRET&gclidx=SECRET&utm=SECRET", ""),
            ("?=SECRET&&&utm_term=x&", "?utm_term=x"),
            ("?utm_campaign[id]=SECRET", ""),
            ("?utm_source=x?token=1", "?utm_source=x?token=1"),
        ] {
            let found = visited(&format!("https://Example.com/a{query}"), &kept);
            assert_eq!(found, Some(format!("https://example.com/a{expected}")), "{query}");
        }
        assert_eq!(visited("https://example.com/?utm_source=x", &[]).as_deref(), Some("https://example.com/"));
        // What is cut off does not count for the length, and credentials are refused as ever.
        let long = format!("https://example.com/?token={}", "a".repeat(URL_CHARS_MAX));
        assert_eq!(visited(&long, &kept).as_deref(), Some("https://example.com/"));
        assert_eq!(visited("https://u:p@example.com/", &kept), None);
    }

    #[test]
    fn a_parameter_is_named_whole_or_by_its_beginning() {
        for name in ["gclid", "utm_*", "a", "x-y.z", "REF", " ref "] {
            assert_eq!(parameter(name).as_deref(), Ok(name.trim()), "{name}");
        }
        for wrong in ["", "*", "a*b", "*a", "a**", "a b", "a=b", "a&b", "tökén", "a[]", &"x".repeat(65)] {
            assert!(parameter(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_page_is_counted_without_query_and_fragment() {
        assert_eq!(page_path("https://example.com/a?b=1#c").as_deref(), Some("https://example.com/a"));
    }
}
