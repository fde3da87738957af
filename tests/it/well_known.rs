//! What programs of strangers look for: how to report a weakness, and what crawlers may read.

use crate::binary::Home;
use crate::http::Reply;
use crate::server::Span::Days;
use crate::server::{START, TestServer};
use chatforge::domain::time::{DAY_MS, Time};

fn security(server: &TestServer) -> Reply {
    let reply = server.client().get("/.well-known/security.txt").is(200);
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
    reply
}

fn field<'a>(reply: &'a Reply, name: &str) -> &'a str {
    let prefix = format!("{name}: ");
    let mut found = reply.text.lines().filter_map(|line| line.strip_prefix(&prefix));
    let first = found.next().unwrap_or_else(|| panic!("no {name} in {}", reply.text));
    assert!(found.next().is_none(), "{name} stands twice: {}", reply.text);
    first
}

#[test]
fn security_txt_says_whom_to_tell_and_for_how_long_that_holds() {
    let server = TestServer::start_with(|config| {
        config.server.public_url = "https://chat.example.com/".into();
        config.server.security_contact = "mailto:security@example.com".into();
    });
    let reply = security(&server);
    assert_eq!(field(&reply, "Contact"), "mailto:security@example.com");
    assert_eq!(field(&reply, "Preferred-Languages"), "en");
    assert_eq!(field(&reply, "Canonical"), "https://chat.example.com/.well-known/security.txt");
    assert_eq!(field(&reply, "Policy"), "https://chat.example.com/docs/security");
    let left_ms =
        |reply: &Reply, days| Time::parse(field(reply, "Expires")).unwrap().since(Time::parse(START).unwrap()) - days * DAY_MS;
    assert!((30 * DAY_MS..365 * DAY_MS).contains(&left_ms(&reply, 0)));
    // A server that runs for long never shows one that has run out.
    server.pass(Days(400));
    assert!((30 * DAY_MS..365 * DAY_MS).contains(&left_ms(&security(&server), 400)));
}

#[test]
fn without_a_contact_it_leads_to_a_page_that_says_how_to_find_one() {
    let server = TestServer::start();
    let reply = security(&server);
    let contact = field(&reply, "Contact").strip_prefix(&server.base).unwrap().to_owned();
    let (path, anchor) = contact.split_once('#').unwrap();
    let page = server.client().get(path).is(200).text;
    assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor}");
}

#[test]
fn a_contact_that_reaches_nobody_is_refused_by_the_configuration() {
    for wrong in [
        "security@example.com",
        "mailto:",
        "mailto:nobody",
        "http://example.com/",
        "https://",
        "https://u:p@example.com/",
        "tel:1",
    ] {
        let home = Home::new(&format!("[server]\nsecurity_contact = \"{wrong}\"\n"));
        assert!(home.run(&["config", "check"]).is(2).stderr.contains("server.security_contact"), "{wrong}");
    }
    for right in ["mailto:a.b+c@example.com", "https://example.com/security", "https://example.com/"] {
        Home::new(&format!("[server]\nsecurity_contact = \"{right}\"\n")).run(&["config", "check"]).is(0);
    }
}

#[test]
fn crawlers_are_kept_out_of_everything_but_what_explains_the_server_and_the_widget() {
    let reply = TestServer::start().client().get("/robots.txt").is(200);
    assert!(reply.header("content-type").starts_with("text/plain"));
    let rules: Vec<_> = reply.text.lines().filter_map(|line| line.split_once(": ")).collect();
    assert_eq!(rules[0], ("User-agent", "*"));
    // The longest rule that fits decides.
    let may = |path: &str| {
        let fits = rules[1..].iter().filter(|(_, start)| path.starts_with(start));
        fits.max_by_key(|(_, start)| start.len()).is_none_or(|(verb, _)| *verb == "Allow")
    };
    for closed in
        ["/", "/login", "/agents", "/api/v1/me", "/leads/export", "/widget/v1/boot", "/join?token=x", "/setup", "/readyz"]
    {
        assert!(!may(closed), "{closed}");
    }
    for open in ["/docs", "/docs/security", "/widget.js", "/widget/panel-0123456789.js", "/assets/css/docs.css"] {
        assert!(may(open), "{open}");
    }
}

#[test]
fn the_page_about_security_is_the_document_and_is_linked() {
    let server = TestServer::start();
    let page = server.client().get("/docs/security").is(200);
    assert!(page.header("content-type").starts_with("text/html"));
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/SECURITY.md")).unwrap();
    let headings: Vec<_> = document.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert!(headings.len() > 8);
    for heading in headings {
        assert!(page.text.contains(&format!(">{heading}</h2>")), "{heading}");
    }
    assert!(!page.text.contains(".md\"") && !page.text.contains("href=\"../"), "no link leads to a file that is not here");
    assert!(server.client().get("/docs").is(200).text.contains("href=\"/docs/security\""));
    let example = server.client().get("/docs/chatforge.example.toml").is(200);
    assert!(example.header("content-type").starts_with("text/plain") && example.text.contains("[server]"));
}
