//! Webhooks that change: their events and address, on and off, and new secrets.

use serde_json::{Value, json};

use crate::receiver::{Answer, Delivery, Proof, Receiver};
use crate::server::Span::{Hours, Minutes, Ms};
use crate::server::{TestServer, until};
use crate::webhooks::{WEBHOOKS, body_signature, hear_leads, message_signature, send_lead, verify, wait_for_tries, with_agent};

/// A receiver of leads alone, and the path of its webhook.
fn of_leads(server: &TestServer) -> (Receiver, String) {
    let receiver = hear_leads(server);
    let path = format!("{WEBHOOKS}/{}", receiver.id);
    (receiver, path)
}

#[test]
fn a_webhook_hears_what_it_was_changed_to() {
    let (server, agent) = with_agent();
    let other = server.agent(&json!({ "name": "Other" }));
    let (receiver, path) = of_leads(&server);
    let changed = server.patch(&path, &json!({ "events": ["conversation.completed"], "agent_id": agent })).is(200).json;
    assert_eq!((&changed["events"], &changed["agent_id"]), (&json!(["conversation.completed"]), &json!(agent)));
    assert_eq!(server.get(&path).json, changed);
    assert_eq!(server.patch(&path, &json!({})).is(200).json, changed);
    let talk = |agent: &str| {
        let visitor = server.visitor(agent);
        visitor.ask("I am jane@example.com");
        visitor.close().is(200);
    };
    talk(&other);
    talk(&agent);
    let told = receiver.next();
    assert_eq!((&told.json["type"], &told.json["agent_id"]), (&json!("conversation.completed"), &json!(agent)));
    assert_eq!(server.patch(&path, &json!({ "agent_id": null })).is(200).json["agent_id"], Value::Null);
    talk(&other);
    assert_eq!(receiver.next().json["agent_id"], json!(other));
    assert_eq!((server.deliveries().len(), receiver.challenges().len()), (2, 1));
    // What GET gave can be sent back.
    let shown = server.get(&path).json;
    assert_eq!(server.patch(&path, &shown).is(200).json, shown);
}

#[test]
fn a_wrong_change_changes_nothing() {
    let (server, agent) = with_agent();
    let (_, path) = of_leads(&server);
    let before = server.get(&path).json;
    for (change, field) in [
        (json!({ "events": [] }), "events"),
        (json!({ "events": ["lead.lost"] }), "events[0]"),
        (json!({ "events": null }), "events"),
        (json!({ "url": "nowhere" }), "url"),
        (json!({ "url": null }), "url"),
        (json!({ "status": "paused" }), "status"),
        (json!({ "status": null }), "status"),
        (json!({ "agent_id": 5 }), "agent_id"),
    ] {
        assert_eq!(server.patch(&path, &change).fails(422, "validation_error").refused(), [field], "{change}");
    }
    for id in ["agt_a1b2c3d4e5", "nonsense"] {
        server.patch(&path, &json!({ "agent_id": id })).fails(404, "agent_not_found");
    }
    let theirs = server.sign_up("stranger@example.com").agent(&json!({ "name": "B" }));
    server.patch(&path, &json!({ "agent_id": theirs })).fails(404, "agent_not_found");
    assert_eq!(server.get(&path).json, before);
    server.patch(&format!("{WEBHOOKS}/wh_a1b2c3d4e5"), &json!({})).fails(404, "webhook_not_found");
    let taken = Receiver::listen();
    let body = json!({ "url": taken.url(), "events": ["lead.captured"], "agent_id": agent });
    server.post(WEBHOOKS, &body).is(201);
    server.patch(&path, &json!({ "url": taken.url(), "agent_id": agent })).fails(409, "conflict");
    assert_eq!(server.get(&path).json, before);
}

#[test]
fn a_new_address_proves_itself_and_takes_over_what_waits() {
    let (server, agent) = with_agent();
    let (old, path) = of_leads(&server);
    old.always(Answer::Status(500));
    send_lead(&server, &agent);
    let first = old.next();
    wait_for_tries(&server, 1);
    let new = Receiver::listen();
    let moved = server.patch(&path, &json!({ "url": new.url() })).is(200).json;
    assert_eq!(moved["url"], new.url());
    assert_eq!(new.challenges().len(), 1);
    verify(&new.challenges()[0], &old.secret);
    server.pass(Hours(1));
    let again = new.next();
    verify(&again, &old.secret);
    assert_eq!((&again.body, again.header("x-chatforge-attempt")), (&first.body, "2"));
    assert!(old.is_empty());
}

#[test]
fn a_new_address_that_does_not_prove_itself_is_not_taken() {
    let (server, agent) = with_agent();
    let (receiver, path) = of_leads(&server);
    let before = server.get(&path).json;
    for proof in [Proof::Wrong, Proof::Status(500), Proof::Redirect, Proof::HangUp] {
        let elsewhere = Receiver::listen();
        elsewhere.prove_with(proof);
        let change = json!({ "url": elsewhere.url(), "events": ["agent.installed"] });
        server.patch(&path, &change).fails(422, "webhook_verification_failed");
        assert_eq!(server.get(&path).json, before);
    }
    send_lead(&server, &agent);
    receiver.next_of("lead.captured");
}

#[test]
fn a_disabled_webhook_waits_until_it_is_enabled() {
    let (server, agent) = with_agent();
    let (receiver, path) = of_leads(&server);
    receiver.always(Answer::Status(500));
    send_lead(&server, &agent);
    let waiting = receiver.next();
    wait_for_tries(&server, 1);
    assert_eq!(server.patch(&path, &json!({ "status": "disabled" })).is(200).json["status"], "disabled");
    send_lead(&server, &agent);
    server.pass(Hours(14));
    assert_eq!(server.deliveries(), [("pending".into(), 1)]);
    assert!(receiver.is_empty());
    receiver.always(Answer::Status(200));
    assert_eq!(server.patch(&path, &json!({ "status": "active" })).is(200).json["status"], "active");
    assert_eq!(receiver.challenges().len(), 2);
    assert_eq!(receiver.next().body, waiting.body);
    // Nobody was listening when the second lead came.
    send_lead(&server, &agent);
    receiver.next();
    assert_eq!(server.deliveries().len(), 2);
    server.patch(&path, &json!({ "status": "active" })).is(200);
    assert_eq!(receiver.challenges().len(), 2, "what is active has nothing to prove");
}

#[test]
fn an_endpoint_that_was_gone_proves_itself_before_it_is_active_again() {
    let (server, agent) = with_agent();
    let (receiver, path) = of_leads(&server);
    receiver.always(Answer::Status(410));
    send_lead(&server, &agent);
    wait_for_tries(&server, 1);
    assert_eq!(server.get(&path).json["status"], "disabled");
    receiver.prove_with(Proof::Status(410));
    server.patch(&path, &json!({ "status": "active" })).fails(422, "webhook_verification_failed");
    assert_eq!(server.get(&path).json["status"], "disabled");
    // A change of something else is no proof, and does not enable it.
    assert_eq!(server.patch(&path, &json!({ "events": ["lead.captured"] })).is(200).json["status"], "disabled");
    assert_eq!(server.count("SELECT count(*) FROM webhooks WHERE disabled_reason = 'gone'"), 1);
    receiver.prove_with(Proof::Plain);
    receiver.always(Answer::Status(200));
    assert_eq!(server.patch(&path, &json!({ "status": "active" })).is(200).json["status"], "active");
    assert_eq!(receiver.challenges().len(), 3);
    receiver.next();
    send_lead(&server, &agent);
    assert_eq!(receiver.next().header("x-chatforge-attempt"), "1");
    assert_eq!(server.deliveries()[0], ("exhausted".into(), 1), "what the gone endpoint refused stays refused");
}

/// Signed with both secrets, the old one where a receiver has always looked.
#[track_caller]
fn verify_both(delivery: &Delivery, old: &str, new: &str) {
    assert_eq!(delivery.header("x-chatforge-signature"), body_signature(delivery, old));
    assert_eq!(delivery.header("x-chatforge-signature-next"), body_signature(delivery, new));
    let both = format!("{} {}", message_signature(delivery, old), message_signature(delivery, new));
    assert_eq!(delivery.header("webhook-signature"), both);
}

fn rotate(server: &TestServer, path: &str) -> String {
    server.post(&format!("{path}/rotate"), &json!({})).is(200).json["secret"].as_str().unwrap().to_owned()
}

#[test]
fn e17_for_a_day_the_old_secret_and_the_new_one_sign() {
    let (server, agent) = with_agent();
    let (receiver, path) = of_leads(&server);
    let told = || {
        send_lead(&server, &agent);
        let delivery = receiver.next_of("lead.captured");
        // Before the clock moves: a try that is not recorded yet would be taken for one of a process that died.
        let open = "SELECT count(*) FROM deliveries WHERE state <> 'delivered'";
        until("the record of the try", || Some(()).filter(|()| server.count(open) == 0));
        delivery
    };
    verify(&told(), &receiver.secret);
    let rotated = server.post(&format!("{path}/rotate"), &json!({})).is(200);
    let new = rotated.json["secret"].as_str().unwrap().to_owned();
    assert_eq!(rotated.json, json!({ "id": receiver.id, "secret": new, "flip_at": "2026-03-27T10:00:00Z" }));
    assert!(new.starts_with("whsec_") && new.len() == 38 && new != receiver.secret);
    assert!(!server.get(&path).is(200).text.contains("whsec_"));
    verify_both(&told(), &receiver.secret, &new);
    server.pass(Hours(23));
    server.pass(Minutes(59));
    verify_both(&told(), &receiver.secret, &new);
    server.pass(Minutes(1));
    until("the flip", || Some(()).filter(|()| server.count("SELECT count(*) FROM webhooks WHERE next_secret IS NULL") == 1));
    verify(&told(), &new);
}

/// A receiver that has changed over to the new secret lets nothing else pass.
#[test]
fn a_challenge_during_a_rotation_is_signed_with_both() {
    let (server, _) = with_agent();
    let (receiver, path) = of_leads(&server);
    let new = rotate(&server, &path);
    let moved = Receiver::listen();
    server.patch(&path, &json!({ "url": moved.url() })).is(200);
    verify_both(&moved.challenges()[0], &receiver.secret, &new);
}

#[test]
fn a_second_rotation_ends_the_first() {
    let (server, agent) = with_agent();
    let (receiver, path) = of_leads(&server);
    let second = rotate(&server, &path);
    server.pass(Hours(1));
    let third = rotate(&server, &path);
    send_lead(&server, &agent);
    verify_both(&receiver.next(), &second, &third);
    // The day of the second rotation counts.
    server.pass(Hours(23));
    server.pass(Ms(1));
    send_lead(&server, &agent);
    verify_both(&receiver.next(), &second, &third);
    server.post(&format!("{WEBHOOKS}/wh_a1b2c3d4e5/rotate"), &json!({})).fails(404, "webhook_not_found");
}

#[test]
fn a_rotation_outlives_a_restart() {
    let (mut server, agent) = with_agent();
    let (receiver, path) = of_leads(&server);
    let new = rotate(&server, &path);
    server.restart();
    send_lead(&server, &agent);
    verify_both(&receiver.next(), &receiver.secret, &new);
    server.stop();
    server.pass(Hours(24));
    server.restart();
    until("the flip", || Some(()).filter(|()| server.count("SELECT count(*) FROM webhooks WHERE next_secret IS NULL") == 1));
    send_lead(&server, &agent);
    verify(&receiver.next(), &new);
}
