//! Lists by their cursor, and what chooses among their rows.

use serde_json::{Value, json};

use crate::http::Client;
use crate::receiver::Answer;
use crate::server::Span::{Hours, Ms};
use crate::server::TestServer;
use crate::webhooks::{WEBHOOKS, send_lead, wait_for_tries, with_agent};

fn ids(rows: &Value) -> Vec<String> {
    rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// The ids of a list in pages of two, each asked for by the cursor of the one before, with something happening between.
fn walk(api: &Client, path: &str, list: &str, meanwhile: impl Fn()) -> Vec<String> {
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = api.get(&format!("{path}?limit=2{after}")).is(200).json;
        let rows = ids(&page[list]);
        let next = page["next_after"].as_str().map(str::to_owned);
        assert_eq!(next.as_ref(), rows.last().filter(|_| rows.len() == 2), "the cursor is the last row of a full page");
        seen.extend(rows);
        let Some(next) = next else { return seen };
        after = format!("&after={next}");
        meanwhile();
    }
}

/// Whatever is added between two pages, a walk sees each row once that was there when it began, newest first.
fn check(api: &Client, path: &str, list: &str, meanwhile: impl Fn()) {
    let before = ids(&api.get(&format!("{path}?limit=100")).is(200).json[list]);
    assert!(before.len() >= 4, "{before:?}");
    assert_eq!(walk(api, path, list, meanwhile), before);
    assert!(ids(&api.get(&format!("{path}?limit=100")).json[list]).len() > before.len());
    for wrong in ["evt_lc_a1b2c3d4e5", "lead_a1b2c3d4e5", "dlv_a1b2c3d4e5", "nonsense", ""] {
        assert_eq!(api.get(&format!("{path}?after={wrong}")).fails(422, "validation_error").refused(), ["after"], "{wrong}");
    }
}

#[test]
fn a_cursor_misses_no_lead_while_leads_are_captured() {
    let server = TestServer::start_with(|config| config.testing.public_limits = false);
    let agent = server.agent(&json!({ "name": "A" }));
    // Some at the same moment, so that ties are met.
    for number in 0..5 {
        server.pass(Ms(number % 2));
        send_lead(&server, &agent);
    }
    check(&server, &format!("/api/v1/agents/{agent}/leads"), "leads", || {
        server.pass(Ms(1));
        send_lead(&server, &agent);
    });
}

#[test]
fn a_cursor_misses_no_event_and_no_delivery_while_more_are_sent() {
    let (server, _) = with_agent();
    let receiver = server.receiver();
    let test = || {
        server.pass(Ms(1));
        server.post(&format!("{WEBHOOKS}/{}/test", receiver.id), &json!({})).is(202);
    };
    (0..6).for_each(|_| test());
    check(&server, "/api/v1/events", "events", test);
    check(&server, &format!("{WEBHOOKS}/{}/deliveries", receiver.id), "deliveries", test);
}

#[test]
fn a_cursor_of_another_account_is_unknown() {
    let (server, agent) = with_agent();
    send_lead(&server, &agent);
    let lead = server.leads(&agent)[0]["id"].as_str().unwrap().to_owned();
    let stranger = server.sign_up("stranger@example.com");
    let theirs = stranger.agent(&json!({ "name": "B" }));
    stranger.get(&format!("/api/v1/agents/{theirs}/leads?after={lead}")).fails(422, "validation_error");
}

#[test]
fn conversations_are_chosen_by_their_status() {
    let (server, agent) = with_agent();
    let path = format!("/api/v1/agents/{agent}/conversations");
    let open = server.visitor(&agent).ask("Hello").conversation.unwrap();
    let visitor = server.visitor(&agent);
    let ended = visitor.ask("Hello").conversation.unwrap();
    visitor.close().is(200);
    for (status, expected) in [("active", open), ("completed", ended)] {
        let listed = server.get(&format!("{path}?status={status}&limit=1")).is(200).json;
        assert_eq!((&listed["total"], ids(&listed["conversations"])), (&json!(1), vec![expected]));
    }
    for wrong in ["open", "Active", ""] {
        assert_eq!(server.get(&format!("{path}?status={wrong}")).fails(422, "validation_error").refused(), ["status"]);
    }
}

#[test]
fn leads_are_chosen_by_status_and_words_that_stand_for_themselves() {
    let server = TestServer::start_with(|config| config.testing.public_limits = false);
    let agent = server.agent(&json!({ "name": "A" }));
    let people = [
        json!({ "name": "Jane Smith", "email": "jane@example.com", "company": "Acme 100%" }),
        json!({ "name": "John_Doe", "email": "john@example.com", "message": "Back\\slash" }),
        json!({ "name": "Özil", "phone": "+1-555-0123", "company": "ACME 1000" }),
    ];
    for person in &people {
        server.visitor(&agent).lead(person).is(201);
        server.pass(Ms(1));
    }
    let found = |filters: &[(&str, &str)]| {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(filters).finish();
        let listed = server.get(&format!("/api/v1/agents/{agent}/leads?{query}")).is(200).json;
        let names = listed["leads"].as_array().unwrap().iter().rev().map(|lead| lead["name"].as_str().unwrap().to_owned());
        let names: Vec<_> = names.collect();
        assert_eq!(listed["total"], names.len());
        names
    };
    for (words, expected) in [
        ("jane", ["Jane Smith"].as_slice()),
        ("SMITH", &["Jane Smith"]),
        ("acme", &["Jane Smith", "Özil"]),
        ("example.com", &["Jane Smith", "John_Doe"]),
        ("555", &["Özil"]),
        ("Özil", &["Özil"]),
        ("100%", &["Jane Smith"]),
        ("%", &["Jane Smith"]),
        ("_", &["John_Doe"]),
        ("J%n", &[]),
        ("\\", &["John_Doe"]),
        ("'", &[]),
    ] {
        assert_eq!(found(&[("q", words)]), expected, "{words}");
    }
    assert_eq!(found(&[("status", "new"), ("q", "john")]), ["John_Doe"]);
    assert!(found(&[("status", "won")]).is_empty());
    for (filter, field) in [("q=", "q".to_owned()), ("status=open", "status".into()), ("q=a&q=b", "q".into())] {
        let refused = server.get(&format!("/api/v1/agents/{agent}/leads?{filter}")).fails(422, "validation_error");
        assert_eq!(refused.refused(), [field]);
    }
    let long = "x".repeat(201);
    server.get(&format!("/api/v1/agents/{agent}/leads?q={long}")).fails(422, "validation_error");
}

#[test]
fn agents_are_chosen_by_status_and_name() {
    let server = TestServer::start();
    let [sales, support, gone] = ["Sales 100%", "Support Über", "Sales, gone"].map(|name| server.agent(&json!({ "name": name })));
    server.delete(&format!("/api/v1/agents/{gone}")).is(200);
    let found = |query: &str| {
        let listed = server.get(&format!("/api/v1/agents?{query}")).is(200).json;
        assert_eq!(listed["total"], listed["agents"].as_array().unwrap().len());
        let mut found = ids(&listed["agents"]);
        found.sort();
        found
    };
    let sorted = |mut ids: Vec<&String>| {
        ids.sort();
        ids.into_iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(found("status=active"), sorted(vec![&sales, &support]));
    assert_eq!(found("status=deactivated"), sorted(vec![&gone]));
    assert_eq!(found("q=sales"), sorted(vec![&sales, &gone]));
    assert_eq!(found("q=%C3%BCBER"), sorted(vec![&support]));
    assert_eq!(found("q=%25"), sorted(vec![&sales]));
    assert_eq!(found("q=sales&status=deactivated"), sorted(vec![&gone]));
    for (query, field) in [("status=gone", "status"), ("q=", "q")] {
        assert_eq!(server.get(&format!("/api/v1/agents?{query}")).fails(422, "validation_error").refused(), [field]);
    }
}

#[test]
fn deliveries_are_chosen_by_how_they_stand() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    let path = format!("{WEBHOOKS}/{}/deliveries", receiver.id);
    receiver.script(&[Answer::Status(200), Answer::Status(500)]);
    server.visitor(&agent);
    wait_for_tries(&server, 1);
    server.pass(Ms(1));
    send_lead(&server, &agent);
    wait_for_tries(&server, 2);
    let of = |status: &str| {
        let listed = server.get(&format!("{path}?status={status}")).is(200).json;
        let rows = listed["deliveries"].as_array().unwrap();
        assert_eq!(listed["total"], rows.len());
        rows.iter().map(|row| row["event_type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("delivered"), ["agent.installed"]);
    assert_eq!(of("pending"), ["lead.captured"]);
    assert!(of("exhausted").is_empty() && of("canceled").is_empty());
    server.pass(Hours(14));
    wait_for_tries(&server, 3);
    assert_eq!(of("delivered"), ["lead.captured", "agent.installed"]);
    assert_eq!(server.get(&format!("{path}?status=failed")).fails(422, "validation_error").refused(), ["status"]);
    server.get(&format!("{WEBHOOKS}/wh_a1b2c3d4e5/deliveries")).fails(404, "webhook_not_found");
}
