//! Webhooks: registered once their address has proved itself.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::receiver::{Delivery, Proof, Receiver};
use crate::server::Span::Minutes;
use crate::server::{Api, TestServer, until};

pub const WEBHOOKS: &str = "/api/v1/webhooks";

pub fn with_agent() -> (TestServer, String) {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "Sales Assistant" }));
    (server, agent)
}

/// An endpoint that hears of an account's leads, and of nothing else.
pub fn hear_leads(api: &Api) -> Receiver {
    let mut receiver = Receiver::listen();
    let created = api.post(WEBHOOKS, &json!({ "url": receiver.url(), "events": ["lead.captured"] })).is(201);
    receiver.id = created.id();
    receiver.secret = created.json["secret"].as_str().unwrap().into();
    receiver
}

pub fn send_lead(server: &TestServer, agent: &str) {
    server.visitor(agent).lead(&json!({ "email": "jane@example.com" })).is(201);
}

/// Until the try is in the books: before, moving the clock would let its claim run out.
pub fn wait_for_tries(server: &TestServer, tries: i64) {
    until("the record of a try", || Some(()).filter(|()| server.count("SELECT count(*) FROM delivery_attempts") == tries));
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// `x-chatforge-signature`, as a receiver computes it who has read no more than its documentation.
pub fn body_signature(delivery: &Delivery, secret: &str) -> String {
    hmac_sha256(secret.as_bytes(), &delivery.body).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The part of `webhook-signature` that a secret accounts for, as Standard Webhooks describes it.
pub fn message_signature(delivery: &Delivery, secret: &str) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    assert_eq!(key.len(), 24);
    let head = format!("{}.{}.", delivery.header("webhook-id"), delivery.header("webhook-timestamp"));
    format!("v1,{}", STANDARD.encode(hmac_sha256(&key, &[head.as_bytes(), &delivery.body].concat())))
}

/// Signed with this secret, and with no other.
#[track_caller]
pub fn verify(delivery: &Delivery, secret: &str) {
    assert_eq!(delivery.header("x-chatforge-signature"), body_signature(delivery, secret));
    assert_eq!(delivery.header("webhook-signature"), message_signature(delivery, secret));
    assert!(!delivery.has("x-chatforge-signature-next"));
}

#[test]
fn d13_a_webhook_is_registered_once_its_address_has_sent_the_challenge_back() {
    let (server, agent) = with_agent();
    for proof in [Proof::Plain, Proof::Line, Proof::Json] {
        let receiver = Receiver::listen();
        receiver.prove_with(proof);
        let body = json!({ "url": receiver.url(), "events": ["conversation.completed", "lead.captured", "lead.captured"], "agent_id": agent });
        let created = server.post(WEBHOOKS, &body).is(201);
        let secret = created.json["secret"].as_str().unwrap().to_owned();
        let expected = json!({
            "id": created.json["id"],
            "url": receiver.url(),
            "events": ["lead.captured", "conversation.completed"],
            "agent_id": agent,
            "status": "active",
            "secret": secret,
            "created_at": "2026-03-26T10:00:00Z",
        });
        assert_eq!(created.json, expected);
        assert_eq!(created.header("location"), format!("{WEBHOOKS}/{}", created.id()));
        assert!(secret.starts_with("whsec_") && secret.len() == 38);
        let challenges = receiver.challenges();
        assert_eq!(challenges.len(), 1);
        assert!(challenges[0].json["challenge"].as_str().unwrap().len() >= 32);
        verify(&challenges[0], &secret);
    }
    assert_eq!(server.get(WEBHOOKS).is(200).json["total"], 3);
}

#[test]
fn only_so_many_addresses_are_asked_for_a_challenge() {
    let server = TestServer::start_with(|config| {
        config.webhooks.challenges_per_host_minute = 3;
        config.webhooks.challenges_per_account_hour = 5;
    });
    let receiver = Receiver::listen();
    receiver.prove_with(Proof::Wrong);
    let body = json!({ "url": receiver.url(), "events": ["lead.captured"] });
    (0..3).for_each(|_| drop(server.post(WEBHOOKS, &body).fails(422, "webhook_verification_failed")));
    let refused = server.post(WEBHOOKS, &body).fails(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "60");
    server.pass(Minutes(1));
    // The refused one took a place of the account's hour.
    server.post(WEBHOOKS, &body).fails(422, "webhook_verification_failed");
    assert_eq!(server.post(WEBHOOKS, &body).fails(429, "rate_limited").header("retry-after"), "3540");
    server.sign_up("other@example.com").post(WEBHOOKS, &body).fails(422, "webhook_verification_failed");
    assert_eq!(receiver.challenges().len(), 5);
}

#[test]
fn d15_the_events_are_known_ones() {
    let (server, agent) = with_agent();
    let register = |body: Value| server.post(WEBHOOKS, &body);
    let url = "https://example.com/hook";
    for body in [json!({}), json!({ "url": url }), json!({ "events": ["lead.captured"] }), json!({ "url": null, "events": null })]
    {
        register(body).fails(400, "bad_request");
    }
    let wrong = [
        (json!([]), "events"),
        (json!(["lead.lost"]), "events[0]"),
        (json!(["lead.captured", 5]), "events[1]"),
        (json!("lead.captured"), "events"),
    ];
    for (events, field) in wrong {
        assert_eq!(register(json!({ "url": url, "events": events })).fails(422, "validation_error").refused(), [field]);
    }
    let many = vec!["lead.captured"; 1_000];
    register(json!({ "url": url, "events": many })).fails(422, "validation_error");
    register(json!({ "url": url, "events": ["lead.captured"], "agent_id": 5 })).fails(422, "validation_error");
    register(json!({ "url": url, "events": ["lead.captured"], "agent_id": format!("{agent}x") })).fails(404, "agent_not_found");
    let theirs = server.sign_up("stranger@example.com").agent(&json!({ "name": "B" }));
    register(json!({ "url": url, "events": ["lead.captured"], "agent_id": theirs })).fails(404, "agent_not_found");
}

#[test]
fn a_webhook_is_listed_with_how_it_has_fared() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    let mut expected = json!({
        "id": receiver.id,
        "url": receiver.url(),
        "agent_id": null,
        "events": ["lead.captured", "conversation.completed", "agent.limit_reached", "agent.installed", "payment.received"],
        "status": "active",
        "disabled_reason": null,
        "failing_since": null,
        "created_at": "2026-03-26T10:00:00Z",
        "last_triggered_at": null,
        "success_rate": null,
    });
    assert_eq!(server.get(WEBHOOKS).is(200).json, json!({ "webhooks": [expected], "total": 1 }));
    server.pass(Minutes(5));
    send_lead(&server, &agent);
    wait_for_tries(&server, 2);
    expected["last_triggered_at"] = json!("2026-03-26T10:05:00Z");
    expected["success_rate"] = json!(1.0);
    assert_eq!(server.get(&format!("{WEBHOOKS}/{}", receiver.id)).is(200).json, expected);
}

#[test]
fn the_same_webhook_twice_is_a_conflict() {
    let (server, agent) = with_agent();
    let receiver = Receiver::listen();
    let body = |events: Value, agent: Value| json!({ "url": receiver.url(), "events": events, "agent_id": agent });
    server.post(WEBHOOKS, &body(json!(["lead.captured", "agent.installed"]), Value::Null)).is(201);
    server.post(WEBHOOKS, &body(json!(["agent.installed", "lead.captured"]), Value::Null)).fails(409, "conflict");
    assert_eq!(receiver.challenges().len(), 1);
    server.post(WEBHOOKS, &body(json!(["lead.captured"]), Value::Null)).is(201);
    server.post(WEBHOOKS, &body(json!(["lead.captured"]), json!(agent))).is(201);
    server.sign_up("other@example.com").post(WEBHOOKS, &body(json!(["lead.captured"]), Value::Null)).is(201);
    assert_eq!(server.get(WEBHOOKS).json["total"], 3);
}
