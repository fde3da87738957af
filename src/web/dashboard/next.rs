//! Where to go on after a page that stands in between: a path of this server, and nothing else.

use url::Url;

use crate::web::dashboard::error::PageError;

const HOME: &str = "/";
const CHARS_MAX: usize = 2048;
/// Stands for this server; it only matters that no address can name it by accident.
const BASE: &str = "http://here.invalid";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next(String);

impl Next {
    /// Anything that is no path of this server leads home.
    pub fn parse(text: &str) -> Self {
        Self(own_path(text).unwrap_or_else(|| HOME.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of a page that leads on to here.
    pub fn after(&self, page: &str) -> String {
        if self.0 == HOME {
            return page.to_owned();
        }
        let next: String = url::form_urlencoded::byte_serialize(self.0.as_bytes()).collect();
        format!("{page}?next={next}")
    }

    /// Sends somebody to `page` first.
    pub fn detour(&self, page: &str) -> PageError {
        PageError::Elsewhere(self.after(page))
    }
}

/// Read and written again as browsers do it, for they take a backslash for a slash and drop tabs and line ends.
fn own_path(text: &str) -> Option<String> {
    if !text.starts_with('/') || text.len() > CHARS_MAX {
        return None;
    }
    let base = Url::parse(BASE).ok()?;
    let url = base.join(text).ok()?;
    let path = &url[url::Position::BeforePath..];
    // Dots may have folded into two slashes, which would begin another host's name.
    (url.origin() == base.origin() && !path.starts_with("//")).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(Next::parse(text).as_str(), expected, "{text}");
    }

    #[test]
    fn g11_only_a_path_of_this_server_is_gone_on_to() {
        for own in ["/", "/leads?q=jane&status=new", "/settings/security#sessions", "/a//b", "/x?y=//evil.example"] {
            check(own, own);
        }
        let foreign = [
            "",
            "leads",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https:evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            "/.//evil.example",
            "/a/..//evil.example",
            "/%2e//evil.example",
            "/./\\evil.example",
            "@evil.example",
        ];
        for text in foreign {
            check(text, "/");
        }
        check(&format!("/{}", "x".repeat(3_000)), "/");
        check("/%2f/evil.example", "/%2f/evil.example");
        check("/le\tads", "/leads");
    }

    #[test]
    fn a_detour_names_where_it_leads() {
        assert_eq!(Next::parse("/leads?q=a&b").after("/login"), "/login?next=%2Fleads%3Fq%3Da%26b");
        assert_eq!(Next::parse("//x").after("/login"), "/login");
    }
}
