//! What every page of the dashboard keeps to, walked from link to link, so that none is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::browser::{Browser, EMAIL, PASSWORD, between, own_api, signed_in};
use crate::http::Reply;
use crate::receiver::Receiver;
use crate::server::TestServer;

const PAGES_MAX: usize = 400;

pub struct Tag<'a> {
    pub name: &'a str,
    pub attributes: Vec<(&'a str, &'a str)>,
    /// What stands between it and the next one.
    text: &'a str,
}

/// The tags of a page; no attribute here holds a bare angle bracket.
pub fn tags(html: &str) -> Vec<Tag<'_>> {
    let parts = html.split('<').skip(1).filter(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()));
    parts
        .map(|part| {
            let (inside, text) = part.split_once('>').unwrap();
            let (name, rest) = inside.split_once(char::is_whitespace).unwrap_or((inside.trim_end_matches('/'), ""));
            Tag { name, attributes: attributes(rest), text }
        })
        .collect()
}

fn attributes(text: &str) -> Vec<(&str, &str)> {
    let (mut found, mut rest) = (Vec::new(), text.trim_start_matches(|c: char| c.is_whitespace() || c == '/'));
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let (value, after) = match after.strip_prefix("=\"") {
            Some(quoted) => quoted.split_once('"').unwrap_or_else(|| panic!("an open quotation mark: {text}")),
            None => {
                assert!(!after.starts_with('='), "a value without quotation marks: {text}");
                ("", after)
            }
        };
        found.push((name, value));
        rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
    }
    found
}

/// Checks a page, and gives the addresses that it links to.
#[track_caller]
fn check(path: &str, page: &Reply) -> Vec<String> {
    let policy = page.header("content-security-policy");
    let framed_by = policy.split("frame-ancestors ").nth(1).unwrap_or_default();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
    assert_eq!(framed_by, if path.starts_with("/preview/") { "'self'" } else { "'none'" }, "{path}");
    assert_eq!(page.header("x-frame-options"), if path.starts_with("/preview/") { "SAMEORIGIN" } else { "DENY" }, "{path}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), value, "{path}: {name}");
    }
    assert!(page.header("permissions-policy").contains("camera=()"), "{path}");
    if !path.starts_with("/docs") {
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
    }
    let mut links = Vec::new();
    for tag in tags(&page.text) {
        let names: BTreeMap<_, _> = tag.attributes.iter().copied().collect();
        assert!(tag.name != "style" && !names.contains_key("style"), "{path}: a style in {} {:?}", tag.name, tag.attributes);
        assert!(names.keys().all(|name| !name.to_ascii_lowercase().starts_with("on")), "{path}: {:?}", tag.attributes);
        if tag.name == "script" {
            assert!(names.get("src").is_some_and(|src| src.starts_with('/')) && tag.text.trim().is_empty(), "{path}: a script");
        }
        for (name, value) in tag.attributes {
            if matches!(name, "href" | "src" | "action" | "formaction") {
                assert!(!value.trim_start().to_ascii_lowercase().starts_with("javascript:"), "{path}: {value}");
            }
            if matches!((tag.name, name), ("a", "href") | ("iframe", "src")) {
                links.push(value.replace("&#38;", "&").replace("&amp;", "&"));
            }
        }
    }
    links
}

fn is_own(link: &str) -> bool {
    let elsewhere = ["//", "/assets/", "/widget", "/api/", "/docs"];
    link.starts_with('/') && !elsewhere.iter().any(|start| link.starts_with(start))
}

/// An account with one of everything.
pub fn furnish(server: &TestServer) {
    let api = own_api(server);
    let agent = api.agent(&json!({ "name": "Sales", "knowledge_base": "Q: Where is parking?\nA: Behind the house." }));
    let visitor = server.visitor(&agent);
    for question in ["Where is parking?", "Do you repair violins?", "I am jane@example.com"] {
        visitor.ask(question);
    }
    let receiver = Receiver::listen();
    let webhook = api.post("/api/v1/webhooks", &json!({ "url": receiver.url(), "events": ["lead.captured"] })).is(201).id();
    api.post(&format!("/api/v1/webhooks/{webhook}/test"), &json!({})).is(202);
}

#[test]
fn g12_no_page_holds_a_script_or_a_style_and_none_may_be_framed() {
    let (server, mut browser) = signed_in();
    furnish(&server);
    let mut waiting = vec!["/".to_owned(), "/settings/security/two-step".to_owned(), "/nothing".to_owned()];
    let (mut seen, mut shown) = (BTreeSet::new(), 0);
    while let Some(path) = waiting.pop() {
        let path = path.split('#').next().unwrap().to_owned();
        if !is_own(&path) || !seen.insert(path.clone()) {
            continue;
        }
        assert!(seen.len() < PAGES_MAX, "the pages do not end: {seen:?}");
        let page = browser.get(&path);
        if page.header("content-type").starts_with("text/html") {
            waiting.extend(check(&path, &page));
            shown += 1;
        } else {
            assert_eq!((page.status, page.header("cache-control")), (200, "no-store"), "{path}");
        }
    }
    assert!(shown > 25, "{shown} of {seen:?}");
    let found = |start: &str| seen.iter().any(|path| path.starts_with(start) && path.len() > start.len());
    for start in ["/agents/agt_", "/conversations/conv_", "/leads/lead_", "/webhooks/wh_", "/preview/", "/settings/s"] {
        assert!(found(start), "{start}: {seen:?}");
    }
}

#[test]
fn g12_pages_that_answer_a_form_and_those_before_the_door_keep_to_it_too() {
    let (server, mut browser) = signed_in();
    let mut out = Browser::new(&server);
    for path in ["/login", "/login?next=/leads", "/setup?token=wrong", "/nothing", "/docs", "/docs/security"] {
        check(path, &out.get(path));
    }
    out.get("/login").is(200);
    check("/login", &out.submit("/login", &[("email", EMAIL), ("password", "wrong but long")]).is(401));
    let page = browser.get("/settings/security/two-step").is(200);
    check("/settings/security/two-step", &page);
    let offer = between(&page.text, "name=\"offer\" value=\"", "\"").unwrap();
    let code = crate::two_step::Phone::reading(&page).code(&server, 0);
    check("recovery codes", &browser.submit("/settings/security/two-step", &[("offer", offer), ("code", &code)]).is(200));
    check("/settings/security", &browser.get("/settings/security").is(200));
    out.sign_in(PASSWORD).is(303);
    check("/login/code", &out.get("/login/code").is(200));
    check("a new key", &browser.make_key(&[("name", "A"), ("permission", "agents:read")]).is(200));
    check("confirm", &browser.submit("/settings/keys", &[("name", "A"), ("permission", "agents:read")]).is(401));
    check("/confirm", &browser.get("/confirm").is(200));
}

#[test]
fn g12_browsers_are_told_to_come_by_tls_only_where_there_is_tls() {
    let server = TestServer::empty();
    assert_eq!(server.client().get("/login").header("strict-transport-security"), "");
    let server = TestServer::empty_with(|config| config.server.public_url = "https://chat.example.com".into());
    for path in ["/login", "/healthz", "/widget.js", "/nothing"] {
        assert_eq!(server.client().get(path).header("strict-transport-security"), "max-age=31536000", "{path}");
    }
    assert_eq!(server.client().get("/widget.js").header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(server.client().get("/healthz").header("cross-origin-resource-policy"), "same-origin");
}
