//! The account's numbers.

use serde_json::{Value, json};

use crate::server::Span::{Days, Hours};
use crate::server::TestServer;
use crate::visitor::Visitor;

fn visit(server: &TestServer, agent: &str, page: &str) -> Visitor {
    let visitor = Visitor::open(&server.client(), json!({ "agent_id": agent, "page_url": page }));
    visitor.ask("Hello");
    visitor
}

#[test]
fn the_numbers_of_a_month() {
    let server = TestServer::start();
    server.set_plan("growth");
    let agent = server.agent(&json!({ "name": "A" }));
    let gone = server.agent(&json!({ "name": "B" }));
    visit(&server, &agent, "https://example.com/pricing?utm=1#top").lead(&json!({ "email": "jane@example.com" })).is(201);
    visit(&server, &agent, "https://example.com/pricing");
    server.pass(Hours(20));
    visit(&server, &gone, "https://example.com/");
    server.delete(&format!("/api/v1/agents/{gone}")).is(200);
    let analytics = server.get("/api/v1/analytics").is(200).json;
    let expected = json!({
        "period": "2026-03-01T00:00:00Z/2026-03-27T23:59:59Z",
        "agents_active": 1,
        "agents_limit": 10,
        "conversations": { "total": 3, "this_month": 3, "today": 1, "limit": 5000 },
        "leads": { "total": 1, "this_month": 1, "today": 0 },
        "response_time": { "avg_ms": 0, "p95_ms": 0 },
        "top_pages": [
            { "url": "https://example.com/pricing", "conversations": 2 },
            { "url": "https://example.com/", "conversations": 1 },
        ],
    });
    assert_eq!(analytics, expected);
    server.pass(Days(5));
    let april = server.get("/api/v1/analytics").is(200).json;
    assert_eq!(april["period"], "2026-04-01T00:00:00Z/2026-04-01T23:59:59Z");
    assert_eq!(april["conversations"], json!({ "total": 3, "this_month": 0, "today": 0, "limit": 5000 }));
    assert_eq!((&april["response_time"]["avg_ms"], &april["top_pages"]), (&Value::Null, &json!([])));
}

#[test]
fn an_unlimited_plan_has_no_limits_and_a_new_account_no_numbers() {
    let server = TestServer::start();
    let stranger = server.sign_up("stranger@example.com");
    visit(&server, &server.agent(&json!({ "name": "A" })), "https://example.com/");
    let expected = json!({
        "period": "2026-03-01T00:00:00Z/2026-03-26T23:59:59Z",
        "agents_active": 0,
        "agents_limit": null,
        "conversations": { "total": 0, "this_month": 0, "today": 0, "limit": null },
        "leads": { "total": 0, "this_month": 0, "today": 0 },
        "response_time": { "avg_ms": null, "p95_ms": null },
        "top_pages": [],
    });
    assert_eq!(stranger.get("/api/v1/analytics").is(200).json, expected);
}

#[test]
fn ten_pages_are_shown_most_visited_first() {
    let server = TestServer::start_with(|config| config.testing.public_limits = false);
    let agent = server.agent(&json!({ "name": "A" }));
    for number in 0..12 {
        for _ in 0..=usize::from(number == 11) {
            visit(&server, &agent, &format!("https://example.com/{number:02}"));
        }
    }
    let pages = server.get("/api/v1/analytics").is(200).json["top_pages"].as_array().unwrap().clone();
    assert_eq!(pages.len(), 10);
    assert_eq!(pages[0], json!({ "url": "https://example.com/11", "conversations": 2 }));
    assert_eq!(pages[1]["url"], "https://example.com/00");
}
