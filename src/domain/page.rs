//! Which part of a list a caller wants, and the addresses of the pages that visitors came from.

use url::Url;

use crate::domain::input::{Text, line};
use crate::domain::time::Time;

pub const LIMIT_DEFAULT: i64 = 25;
pub const LIMIT_MAX: i64 = 100;
/// The largest whole number that every JSON reader keeps exact.
pub const OFFSET_MAX: i64 = (1 << 53) - 1;
pub const URL_CHARS_MAX: usize = 2_048;
/// The id of a row, as far as it can be judged before the row is looked for.
pub const CURSOR: Text = line(1..=100);
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

/// The address of a visitor's page if it can be shown and linked: http or https, no credentials, not too long.
pub fn page_url(text: &str) -> Option<String> {
    let url = web_url(text)?;
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
    fn a_page_is_counted_without_query_and_fragment() {
        assert_eq!(page_path("https://example.com/a?b=1#c").as_deref(), Some("https://example.com/a"));
    }
}
