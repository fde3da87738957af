//! For how long rows are kept, what goes with them, and what stays.

use serde_json::json;

use crate::browser::{Browser, EMAIL, PASSWORD, own_api, signed_in};
use crate::http::raw_bytes;
use crate::server::Span::{Days, Hours, Minutes, Ms};
use crate::server::{Api, TestServer, until};

const CONVERSATIONS: &str = "SELECT count(*) FROM conversations";
const LEADS: &str = "SELECT count(*) FROM leads";

/// Somebody who asked and left an address, and whose conversation has ended.
fn visit(server: &TestServer, agent: &str, words: &str) {
    let visitor = server.visitor(agent);
    visitor.ask(words);
    visitor.lead(&json!({ "email": "jane@example.com" })).is(201);
    visitor.close().is(200);
    server.pass(Ms(1_000));
}

fn with_agent() -> (TestServer, Browser, Api, String) {
    let (server, browser) = signed_in();
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "Ada" }));
    (server, browser, api, agent)
}

#[test]
fn k06_after_a_year_what_was_said_is_gone_and_counts_stay() {
    let (server, mut browser, api, agent) = with_agent();
    visit(&server, &agent, "Where is the unicorn stable?");
    server.pass(Days(364));
    visit(&server, &agent, "And the dragon?");
    let analytics = || api.get("/api/v1/analytics").is(200).json;
    let total = |kind: &str| analytics()[kind]["total"].as_i64().unwrap();
    assert_eq!((total("conversations"), total("leads"), server.count(CONVERSATIONS)), (2, 2, 2));
    server.pass(Days(2));
    until("the old conversation to go", || Some(()).filter(|()| server.count(CONVERSATIONS) == 1));
    assert_eq!((total("conversations"), total("leads")), (2, 2));
    assert_eq!(server.count("SELECT sum(conversations) FROM days"), 2);
    assert_eq!((server.count(LEADS), server.count("SELECT count(*) FROM leads WHERE conversation IS NULL")), (2, 1));
    let listed = api.get(&format!("/api/v1/agents/{agent}/conversations")).is(200).json;
    assert_eq!((listed["total"].as_i64(), listed["conversations"].as_array().unwrap().len()), (Some(1), 1));
    assert_eq!(
        server.count("SELECT count(*) FROM searched_messages s LEFT JOIN messages m ON m.id = s.message WHERE m.id IS NULL"),
        0
    );
    browser.sign_in(PASSWORD).is(303);
    assert!(browser.get("/conversations?q=unicorn").is(200).text.contains("No conversations match"));
    assert!(!browser.get("/conversations?q=dragon").is(200).text.contains("No conversations match"));
}

#[test]
fn k06_what_is_counted_by_day_is_kept_for_400_days() {
    let (server, _, api, agent) = with_agent();
    let account = api.account.clone();
    let day = 86_400_000;
    let today = server.now().ms() / day * day;
    for age in [0, 399, 402] {
        let db = server.database_to_fill();
        let at = today - age * day;
        db.execute("INSERT INTO webhook_days VALUES (?1, 'wh_1', ?2, 1, 1)", (&account, at)).unwrap();
        db.execute("INSERT INTO model_use (account, day, agent, answers) VALUES (?1, ?2, ?3, 1)", (&account, at, &agent))
            .unwrap();
    }
    server.pass(Hours(2));
    let left = || (server.count("SELECT count(*) FROM webhook_days"), server.count("SELECT count(*) FROM model_use"));
    until("what is older to go", || Some(()).filter(|()| left() == (2, 2)));
}

#[test]
fn what_is_shortened_is_shown_before_it_is_saved() {
    let (server, mut browser, _, agent) = with_agent();
    visit(&server, &agent, "Hello?");
    server.pass(Days(20));
    browser.sign_in(PASSWORD).is(303);
    assert!(browser.get("/settings/retention").is(200).text.contains("Nothing to delete."));
    let fields = [("conversations_days", "10"), ("events_days", "10"), ("requests_days", ""), ("leads_too", "yes")];
    let asked = browser.submit("/settings/retention", &fields).is(200).text;
    assert!(asked.contains("1 conversation<") && asked.contains("1 lead<") && asked.contains("Save and delete"), "{asked}");
    assert_eq!((server.count("SELECT count(*) FROM retention"), server.count(CONVERSATIONS)), (0, 1));
    let confirmed = [fields.as_slice(), &[("confirmed", "yes")]].concat();
    browser.submit("/settings/retention", &confirmed).is(303);
    server.pass(Hours(2));
    until("everything to go", || Some(()).filter(|()| server.count(CONVERSATIONS) + server.count(LEADS) == 0));
    until("events to go", || Some(()).filter(|()| server.count("SELECT count(*) FROM events") == 0));
    assert_eq!(server.count("SELECT conversations_forgotten + leads_forgotten FROM agents"), 2);
    let page = browser.get("/settings/retention").is(200).text;
    assert!(page.contains("value=\"10\"") && page.contains("checked"), "{page}");
}

#[test]
fn days_that_are_none_are_refused_and_change_nothing() {
    let (server, mut browser, _, _) = with_agent();
    browser.get("/settings/retention").is(200);
    for (name, value) in
        [("conversations_days", "-1"), ("conversations_days", "x"), ("events_days", "6"), ("requests_days", "3651")]
    {
        let refused = browser.submit("/settings/retention", &[(name, value), ("confirmed", "yes")]).is(422).text;
        assert!(refused.contains("must be a whole number from") && refused.contains(&format!("value=\"{value}\"")), "{refused}");
    }
    assert_eq!(server.count("SELECT count(*) FROM retention"), 0);
    browser.submit("/settings/retention", &[("conversations_days", "0")]).is(303);
    assert_eq!(server.count("SELECT conversations_days FROM retention"), 0);
}

#[test]
fn only_whoever_keeps_the_server_sees_its_backups() {
    let (server, mut browser, _, _) = with_agent();
    assert!(browser.get("/settings").is(200).text.contains("href=\"/settings/backups\""));
    assert!(browser.get("/settings/backups").is(200).text.contains("No backups yet"));
    browser.submit("/settings/backups", &[]).is(303);
    let page = browser.get("/settings/backups?done=made").is(200).text;
    let link = page.split("href=\"/settings/backups/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(page.contains("By hand") && link.starts_with("by-hand-"), "{page}");
    let path = format!("/settings/backups/{link}");
    let copy = std::fs::read(server.folder().join("backups").join(&link)).unwrap();
    let cookie = browser.client.sent("cookie").to_owned();
    let headers = format!("Host: here\r\nCookie: {cookie}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    let answer = raw_bytes(browser.client.base(), format!("GET {path} HTTP/1.1\r\n{headers}").as_bytes());
    let head_length = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8_lossy(&answer[..head_length]).to_lowercase();
    assert!(head.starts_with("http/1.1 200") && head.contains(&format!("content-length: {}", copy.len())), "{head}");
    assert!(head.contains(&format!("attachment; filename=\"{link}\"").to_lowercase()) && answer[head_length..] == copy, "{head}");
    let verified = browser.submit(&format!("{path}/verify"), &[]).is(303);
    assert_eq!(verified.header("location"), "/settings/backups?done=whole");
    std::fs::write(server.folder().join("backups").join(&link), &copy[..copy.len() / 2]).unwrap();
    let damaged = browser.submit(&format!("{path}/verify"), &[]).is(303);
    assert_eq!(damaged.header("location"), "/settings/backups?done=damaged");
    for name in ["by-hand-1.db", "..%2Fchatforge.db", "..%2F..%2Fmaster.key", "chatforge.db", "x"] {
        browser.get(&format!("/settings/backups/{name}")).is(404);
        browser.submit(&format!("/settings/backups/{name}/verify"), &[]).is(404);
    }
    // A member of the same account, and the owner of a younger one.
    server.pass(Minutes(1));
    let mut colleague = Browser::colleague(&server, "Mel");
    server.sign_up("other@example.com");
    let take_over =
        "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = ?1) WHERE email = 'other@example.com'";
    server.database_to_fill().execute(take_over, [EMAIL]).unwrap();
    let mut stranger = Browser::new(&server);
    stranger.get("/login").is(200);
    stranger.submit("/login", &[("email", "other@example.com"), ("password", PASSWORD)]).is(303);
    for other in [&mut colleague, &mut stranger] {
        assert!(!other.get("/settings").is(200).text.contains("/settings/backups"));
        other.get("/settings/backups").is(404);
        other.get(&path).is(404);
        other.submit("/settings/backups", &[]).is(404);
        other.submit(&format!("{path}/verify"), &[]).is(404);
    }
    assert_eq!(std::fs::read_dir(server.folder().join("backups")).unwrap().count(), 1);
}
