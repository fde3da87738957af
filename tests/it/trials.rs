//! What the team tries out itself: kept and marked, and counted nowhere.

use serde_json::{Value, json};

use crate::browser::{Browser, between, own_api, signed_in};
use crate::server::{Api, TestServer};
use crate::visitor::Visitor;

fn preview(server: &TestServer, browser: &mut Browser, agent: &str) -> Visitor {
    let page = browser.get(&format!("/preview/{agent}")).is(200).text;
    let pass = between(&page, "data-trial=\"", "\"").unwrap().to_owned();
    boot(server, agent, &json!(pass))
}

fn boot(server: &TestServer, agent: &str, pass: &Value) -> Visitor {
    Visitor::open(&server.client(), json!({ "agent_id": agent, "page_url": "https://example.com/", "trial": pass }))
}

fn ready() -> (TestServer, Browser, Api, String) {
    let (server, browser) = signed_in();
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "Ava" }));
    (server, browser, api, agent)
}

#[test]
fn a_trial_is_kept_and_marked_and_counts_nowhere() {
    let (server, mut browser, api, agent) = ready();
    let visitor = preview(&server, &mut browser, &agent);
    let conversation = visitor.ask("do you sell pizza? write to jane@example.com").conversation.unwrap();
    visitor.lead(&json!({ "phone": "+1 555 010 0123" })).is(201);
    visitor.close().is(200);
    for (what, sql) in [
        ("events", "SELECT count(*) FROM events"),
        ("usage", "SELECT count(*) FROM usage"),
        ("days", "SELECT count(*) FROM days"),
        ("pages", "SELECT count(*) FROM page_usage"),
        ("questions", "SELECT count(*) FROM unanswered_questions"),
        ("answers", "SELECT count(*) FROM response_times"),
        ("installations", "SELECT count(*) FROM installations"),
        ("totals", "SELECT conversations_count + leads_count + responses_count FROM agents"),
    ] {
        assert_eq!(server.count(sql), 0, "{what}");
    }
    for list in ["conversations", "leads", "conversations?since=2026-01-01T00:00:00Z", "leads?since=2026-01-01T00:00:00Z"] {
        assert_eq!(api.get(&format!("/api/v1/agents/{agent}/{list}")).is(200).json["total"], 0, "{list}");
    }
    for (query, shown) in [("", true), ("?trials=only", true), ("?trials=none", false)] {
        let page = browser.get(&format!("/conversations{query}")).is(200).text;
        assert_eq!(page.contains(&conversation), shown, "{query}");
        assert_eq!(page.contains(">Trial</span>"), shown, "{query}");
    }
    assert_eq!(server.count("SELECT count(*) FROM leads WHERE trial = 1"), 1);
    api.delete(&format!("/api/v1/visitors/{}", visitor.id)).is(200);
    assert_eq!(server.count("SELECT conversations_count + leads_count FROM agents"), 0);
}

#[test]
fn only_a_pass_of_this_server_for_this_agent_makes_a_trial() {
    let (server, mut browser, api, agent) = ready();
    let other = api.agent(&json!({ "name": "Bo" }));
    let page = browser.get(&format!("/preview/{other}")).is(200).text;
    let of_other = between(&page, "data-trial=\"", "\"").unwrap().to_owned();
    let session = server.visitor(&agent).session;
    for (made, pass) in [json!(of_other), json!(session), json!("x.y"), json!(""), json!(true), Value::Null].iter().enumerate() {
        boot(&server, &agent, pass).ask("Hello");
        let count = i64::try_from(made).unwrap() + 1;
        assert_eq!(server.count("SELECT count(*) FROM conversations WHERE trial = 0"), count, "{pass}");
    }
}

#[test]
fn whoever_is_signed_in_tries_as_often_as_they_like() {
    let (server, mut browser, _, agent) = ready();
    let visitor = preview(&server, &mut browser, &agent);
    (0..15).for_each(|_| drop(visitor.ask("Hello")));
    let stranger = server.visitor(&agent);
    let refused = (0..15).any(|_| stranger.say("Hello").status == 429);
    assert!(refused);
}
