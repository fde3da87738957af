//! Sending again what a webhook missed in a span of time.

use serde_json::{Value, json};

use crate::receiver::{Answer, Receiver};
use crate::server::Span::{Hours, Seconds};
use crate::server::TestServer;
use crate::webhooks::{WEBHOOKS, send_lead, verify, wait_for_tries, with_agent};

fn hear(server: &TestServer, body: &Value) -> (Receiver, String) {
    let mut receiver = Receiver::listen();
    let mut body = body.clone();
    body["url"] = json!(receiver.url());
    let created = server.post(WEBHOOKS, &body).is(201);
    receiver.secret = created.json["secret"].as_str().unwrap().into();
    let path = format!("{WEBHOOKS}/{}", created.id());
    (receiver, path)
}

fn recover(server: &TestServer, path: &str, body: &Value) -> Value {
    server.post(&format!("{path}/recover"), body).is(202).json["queued"].clone()
}

fn switch(server: &TestServer, path: &str, status: &str) {
    server.patch(path, &json!({ "status": status })).is(200);
}

#[test]
fn what_happened_while_it_was_disabled_is_sent_with_its_first_ids() {
    let (server, agent) = with_agent();
    let other = server.agent(&json!({ "name": "Other" }));
    let (receiver, path) = hear(&server, &json!({ "events": ["lead.captured"], "agent_id": agent }));
    switch(&server, &path, "disabled");
    for id in [&agent, &other, &agent] {
        server.pass(Seconds(10));
        send_lead(&server, id);
    }
    let refused = server.post(&format!("{path}/recover"), &json!({ "since": "2026-03-26T10:00:00Z" }));
    refused.fails(409, "conflict");
    switch(&server, &path, "active");
    let body = json!({ "since": "2026-03-26T10:00:10Z", "until": "2026-03-26T10:00:30Z" });
    let answer = server.post(&format!("{path}/recover"), &body).is(202).json;
    let id = path.rsplit('/').next().unwrap();
    let expected = json!({ "webhook_id": id, "since": "2026-03-26T10:00:10Z", "until": "2026-03-26T10:00:30Z", "queued": 2 });
    assert_eq!(answer, expected);
    let mut told: Vec<Value> = (0..2)
        .map(|_| receiver.next())
        .map(|delivery| {
            verify(&delivery, &receiver.secret);
            delivery.json
        })
        .collect();
    told.sort_by_key(|event| event["created_at"].to_string());
    let written: Vec<_> = server.events("lead.captured").into_iter().filter(|event| event["agent_id"] == json!(agent)).collect();
    assert_eq!(told, written);
    wait_for_tries(&server, 2);
    assert_eq!(recover(&server, &path, &body), 0, "nothing that arrived is sent twice");
    assert_eq!(recover(&server, &path, &json!({ "since": "2026-03-26T10:00:00Z", "include_delivered": true })), 2);
    (0..2).for_each(|_| drop(receiver.next()));
    assert!(receiver.is_empty());
}

#[test]
fn what_was_given_up_is_tried_once_more() {
    let (server, agent) = with_agent();
    let (receiver, path) = hear(&server, &json!({ "events": ["lead.captured"] }));
    receiver.always(Answer::Status(500));
    send_lead(&server, &agent);
    for tries in 1..=6 {
        wait_for_tries(&server, tries);
        server.pass(Hours(14));
    }
    let since = json!({ "since": "2026-03-26T10:00:00Z" });
    assert_eq!(recover(&server, &path, &since), 1);
    wait_for_tries(&server, 7);
    assert_eq!(server.deliveries(), [("exhausted".into(), 7)]);
    receiver.always(Answer::Status(200));
    assert_eq!(recover(&server, &path, &since), 1);
    wait_for_tries(&server, 8);
    assert_eq!(server.deliveries(), [("delivered".into(), 8)]);
    assert_eq!(server.get(&path).json["success_rate"], 1.0);
}

#[test]
fn many_parts_make_one_recovery() {
    let (server, agent) = with_agent();
    let (receiver, path) = hear(&server, &json!({ "events": ["agent.limit_reached"] }));
    let db = server.database_to_fill();
    let now = server.now().ms();
    let kinds = ["agent.limit_reached", "lead.captured"];
    for number in 0..450 {
        let (id, kind) = (format!("evt_lr_{number:010}"), kinds[usize::from(number % 3 != 0)]);
        let row = rusqlite::params![id, server.account, agent, kind, now];
        let insert = "INSERT INTO events (id, account, agent, type, payload, created_at) VALUES (?1, ?2, ?3, ?4, x'7b7d', ?5)";
        db.execute(insert, row).unwrap();
    }
    assert_eq!(recover(&server, &path, &json!({ "since": "2026-03-26T10:00:00Z" })), 150);
    (0..150).for_each(|_| drop(receiver.next()));
    assert!(receiver.is_empty());
}

#[test]
fn a_wrong_span_is_refused_and_a_repeated_request_takes_effect_once() {
    let (server, agent) = with_agent();
    let (receiver, path) = hear(&server, &json!({ "events": ["lead.captured"] }));
    let post = |body: Value| server.post(&format!("{path}/recover"), &body);
    post(json!({})).fails(400, "bad_request");
    post(json!({ "since": null })).fails(400, "bad_request");
    for (body, field) in [
        (json!({ "since": "yesterday" }), "since"),
        (json!({ "since": 5 }), "since"),
        (json!({ "since": "2026-03-26T10:00:00Z", "until": "2026-03-26T09:00:00Z" }), "until"),
        (json!({ "since": "2026-03-26T10:00:00Z", "until": null }), "until"),
        (json!({ "since": "2026-03-26T10:00:00Z", "include_delivered": "yes" }), "include_delivered"),
    ] {
        assert_eq!(post(body.clone()).fails(422, "validation_error").refused(), [field], "{body}");
    }
    let unknown = server.post(&format!("{WEBHOOKS}/wh_a1b2c3d4e5/recover"), &json!({ "since": "2026-03-26T10:00:00Z" }));
    unknown.fails(404, "webhook_not_found");
    send_lead(&server, &agent);
    receiver.next();
    wait_for_tries(&server, 1);
    let once = server.with("idempotency-key", "recover-1");
    let body = json!({ "since": "2026-03-26T10:00:00Z", "include_delivered": true });
    for replayed in ["", "true"] {
        let answer = once.post(&format!("{path}/recover"), &body).is(202);
        assert_eq!((&answer.json["queued"], answer.header("idempotent-replayed")), (&json!(1), replayed));
    }
    receiver.next();
    assert!(receiver.is_empty());
}
