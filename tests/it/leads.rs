//! Leads over the API.

use serde_json::json;

use crate::server::Span::{Ms, Seconds};
use crate::server::TestServer;

#[test]
fn a_lead_is_listed_with_all_that_is_known() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A" }));
    let visitor = server.visitor(&agent);
    let conversation = visitor.ask("Hello").conversation;
    server.pass(Seconds(150));
    let form = json!({
        "name": "Jane Smith", "email": "jane@example.com", "phone": "+1-555-0123", "company": "Acme Corp",
        "message": "Interested in the Growth plan\nfor our dental practice.",
    });
    let id = visitor.lead(&form).is(201).json["lead"]["id"].clone();
    let listed = server.get(&format!("/api/v1/agents/{agent}/leads?limit=25")).is(200).json;
    let mut lead = form;
    for (field, value) in [
        ("id", id),
        ("agent_id", json!(agent)),
        ("conversation_id", json!(conversation)),
        ("page_url", json!("https://example.com/pricing")),
        ("captured_at", json!("2026-03-26T10:02:30Z")),
        ("status", json!("new")),
    ] {
        lead[field] = value;
    }
    assert_eq!(listed, json!({ "leads": [lead], "total": 1, "limit": 25, "offset": 0, "next_after": null }));
}

#[test]
fn leads_come_newest_first_in_pages_and_since() {
    let server = TestServer::start_with(|config| config.testing.public_limits = false);
    let agent = server.agent(&json!({ "name": "A" }));
    for number in 0..5 {
        server.visitor(&agent).lead(&json!({ "email": format!("lead{number}@example.com") })).is(201);
        server.pass(Ms(500));
    }
    let emails = |query: &str| {
        let listed = server.get(&format!("/api/v1/agents/{agent}/leads?{query}")).is(200).json;
        let leads = listed["leads"].as_array().unwrap().clone();
        (
            listed["total"].as_i64().unwrap(),
            leads.iter().map(|l| l["email"].as_str().unwrap()[4..5].to_owned()).collect::<String>(),
        )
    };
    assert_eq!(emails(""), (5, "43210".into()));
    assert_eq!(emails("limit=2"), (5, "43".into()));
    assert_eq!(emails("limit=2&offset=4"), (5, "0".into()));
    assert_eq!(emails("since=2026-03-26T10:00:01Z"), (2, "43".into()));
    assert_eq!(emails("since=2026-03-26T10:00:01.999Z&limit=1"), (1, "4".into()));
    assert_eq!(emails("since=2026-03-26T10:00:02Z"), (0, String::new()));
}

#[test]
fn a_lead_is_its_agents_and_nobody_elses() {
    let server = TestServer::start();
    let (agent, other) = (server.agent(&json!({ "name": "A" })), server.agent(&json!({ "name": "B" })));
    server.visitor(&agent).lead(&json!({ "email": "jane@example.com" })).is(201);
    assert_eq!((server.leads(&agent).len(), server.leads(&other).len()), (1, 0));
    let stranger = server.sign_up("stranger@example.com");
    stranger.get(&format!("/api/v1/agents/{agent}/leads")).fails(404, "agent_not_found");
}

#[test]
fn a_second_conversation_is_a_second_lead() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A" }));
    let visitor = server.visitor(&agent);
    for _ in 0..2 {
        visitor.ask("I am jane@example.com");
        visitor.close().is(200);
        server.pass(Seconds(1));
    }
    assert_eq!((server.leads(&agent).len(), server.events("lead.captured").len()), (2, 2));
}
