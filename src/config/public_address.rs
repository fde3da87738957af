//! The address under which people and programs reach the server: `server.public_url`, with or without a path.

use crate::domain::page;

/// How paths of this server begin. Under one of them it could not tell whether a proxy has taken the path off.
pub const OWN: [&str; 25] = [
    ".well-known",
    "agents",
    "api",
    "assets",
    "confirm",
    "conversations",
    "demo",
    "docs",
    "events",
    "healthz",
    "hooks",
    "join",
    "leads",
    "login",
    "logout",
    "preview",
    "readyz",
    "robots.txt",
    "search",
    "settings",
    "setup",
    "start",
    "webhooks",
    "widget",
    "widget.js",
];

/// Without a slash at its end, so that the path of an address of ours follows.
pub fn base(public_url: &str) -> &str {
    public_url.trim_end_matches('/')
}

/// What follows the host: nothing, or a path such as `/chat`.
pub fn path(public_url: &str) -> &str {
    let after_scheme = base(public_url).split_once("://").map_or("", |(_, rest)| rest);
    after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or_default()
}

/// Whether the address can stand before the path of every address of ours, in pages, headers and cookies alike.
pub fn check(public_url: &str) -> Result<(), String> {
    if page::page_url(public_url).is_none() {
        return Err(format!("`{public_url}` is not an http or https address"));
    }
    if public_url.contains(['?', '#']) {
        return Err(format!("`{public_url}` must not contain `?` or `#`"));
    }
    let mut parts = path(public_url).split('/').skip(1);
    if !parts.clone().all(is_plain) {
        return Err(format!(
            "`{public_url}` has an invalid path; a path can contain letters, digits, `-`, `_`, `.` and single slashes"
        ));
    }
    match parts.next() {
        Some(first) if OWN.contains(&first) => {
            Err(format!("`{public_url}` has a path that starts with `/{first}`, which ChatForge uses itself; choose another"))
        }
        _ => Ok(()),
    }
}

/// Browsers fold dots and encode other characters, and then ask for another path than was written.
fn is_plain(part: &str) -> bool {
    let letters = part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    letters && !matches!(part, "" | "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_what_follows_the_host() {
        for (url, expected) in [
            ("https://site.example", ""),
            ("https://site.example/", ""),
            ("http://127.0.0.1:8080", ""),
            ("https://site.example/chat", "/chat"),
            ("https://site.example/chat/", "/chat"),
            ("https://site.example:8443/tools/chat/", "/tools/chat"),
            ("http://[::1]:8080/a_b-c.d", "/a_b-c.d"),
            ("", ""),
        ] {
            assert_eq!(path(url), expected, "{url}");
        }
    }

    #[test]
    fn an_address_that_nothing_could_follow_is_refused() {
        for right in [
            "https://site.example",
            "http://localhost:8080/",
            "https://site.example/chat/",
            "https://site.example/tools/docs",
            "https://site.example/chatter",
            "https://site.example/agents-of-ours",
        ] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        for wrong in [
            "site.example",
            "ftp://site.example",
            "https://u:p@site.example/chat",
            "https://site.example/chat?x=1",
            "https://site.example/chat#top",
            "https://site.example/a//b",
            "https://site.example//chat",
            "https://site.example/./chat",
            "https://site.example/a/../b",
            "https://site.example/my chat",
            "https://site.example/my%20chat",
            "https://site.example/über",
            "https://site.example/a;b",
            "https://site.example/a\"b",
            "https://site.example/docs",
            "https://site.example/agents/chat/",
            "https://site.example/widget.js",
        ] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
