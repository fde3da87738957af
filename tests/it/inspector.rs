//! What was sent, and what came back: deliveries and events over the API, test events, and sending again.

use serde_json::{Value, json};

use crate::http::Reply;
use crate::receiver::{Answer, Receiver};
use crate::server::Span::{Hours, Seconds};
use crate::server::{TestServer, until};
use crate::webhooks::{WEBHOOKS, hear_leads, send_lead, verify, wait_for_tries, with_agent};

/// With a receiver of leads, and the path of its webhook's deliveries.
fn with_receiver() -> (TestServer, String, Receiver, String) {
    let (server, agent) = with_agent();
    let receiver = hear_leads(&server);
    let path = format!("{WEBHOOKS}/{}/deliveries", receiver.id);
    (server, agent, receiver, path)
}

/// The newest delivery.
fn newest(server: &TestServer, path: &str) -> Value {
    server.get(path).is(200).json["deliveries"][0].clone()
}

fn retry(server: &TestServer, path: &str, delivery: &Value) -> Reply {
    server.post(&format!("{path}/{}/retry", delivery["id"].as_str().unwrap()), &json!({}))
}

#[test]
fn every_try_is_shown_with_what_came_back() {
    let (server, agent, receiver, path) = with_receiver();
    assert_eq!(
        server.get(&path).is(200).json,
        json!({ "deliveries": [], "total": 0, "limit": 25, "offset": 0, "next_after": null })
    );
    receiver.script(&[Answer::Status(503)]);
    send_lead(&server, &agent);
    let sent = receiver.next();
    wait_for_tries(&server, 1);
    let waiting = newest(&server, &path);
    assert_eq!(waiting["id"], sent.header("x-chatforge-delivery"));
    assert_eq!((&waiting["event_id"], &waiting["event_type"]), (&sent.json["id"], &json!("lead.captured")));
    assert_eq!((&waiting["status"], &waiting["finished_at"]), (&json!("pending"), &Value::Null));
    assert!(waiting["next_attempt_at"].as_str().unwrap() > "2026-03-26T10:00:00Z");
    server.pass(Seconds(15));
    wait_for_tries(&server, 2);
    let delivered = newest(&server, &path);
    assert_eq!((&delivered["status"], &delivered["next_attempt_at"]), (&json!("delivered"), &Value::Null));
    assert_eq!(
        (&delivered["created_at"], &delivered["finished_at"]),
        (&json!("2026-03-26T10:00:00Z"), &json!("2026-03-26T10:00:15Z"))
    );
    let attempts = delivered["attempts"].as_array().unwrap();
    for (number, (attempt, status)) in attempts.iter().zip([503, 200]).enumerate() {
        assert_eq!((&attempt["number"], &attempt["response_status"]), (&json!(number + 1), &json!(status)));
        assert_eq!((&attempt["error"], &attempt["response_body"]), (&Value::Null, &json!("ok")));
        assert!(attempt["response_headers"].as_str().unwrap().contains("x-endpoint: test\n"), "{attempt}");
        assert!((0..10_000).contains(&attempt["duration_ms"].as_i64().unwrap()), "{attempt}");
    }
    let times: Vec<_> = attempts.iter().map(|attempt| attempt["started_at"].as_str().unwrap()).collect();
    assert_eq!(times, ["2026-03-26T10:00:00Z", "2026-03-26T10:00:15Z"]);
}

#[test]
fn a_try_without_an_answer_says_why() {
    let (server, agent, receiver, path) = with_receiver();
    receiver.script(&[Answer::Silence]);
    send_lead(&server, &agent);
    receiver.next();
    receiver.hang_up(1);
    wait_for_tries(&server, 1);
    let attempt = newest(&server, &path)["attempts"][0].clone();
    assert_eq!((&attempt["response_status"], &attempt["response_body"]), (&Value::Null, &json!("")));
    assert_eq!(attempt["error"], "protocol_error");
}

#[test]
fn a_test_event_goes_to_the_webhook_that_is_tested() {
    let (server, _, receiver, path) = with_receiver();
    let other = server.receiver();
    let queued = server.post(&format!("{WEBHOOKS}/{}/test", receiver.id), &json!({})).is(202).json;
    assert_eq!((&queued["event_type"], &queued["status"]), (&json!("webhook.test"), &json!("pending")));
    let told = receiver.next_of("webhook.test");
    verify(&told, &receiver.secret);
    assert_eq!(told.header("x-chatforge-event"), "webhook.test");
    assert_eq!((&told.json["id"], &told.json["data"]["webhook_id"]), (&queued["event_id"], &json!(receiver.id)));
    wait_for_tries(&server, 1);
    let listed = newest(&server, &path);
    assert_eq!((&listed["id"], &listed["status"]), (&queued["id"], &json!("delivered")));
    assert!(other.is_empty());
    assert_eq!(server.deliveries().len(), 1);
    server.post(&format!("{WEBHOOKS}/wh_a1b2c3d4e5/test"), &json!({})).fails(404, "webhook_not_found");
}

#[test]
fn e19_what_was_delivered_is_sent_again_in_the_same_bytes() {
    let (server, agent, receiver, path) = with_receiver();
    send_lead(&server, &agent);
    let first = receiver.next();
    wait_for_tries(&server, 1);
    server.pass(Hours(1));
    let queued = retry(&server, &path, &newest(&server, &path)).is(202).json;
    assert_eq!((&queued["event_id"], &queued["status"]), (&first.json["id"], &json!("pending")));
    let again = receiver.next();
    verify(&again, &receiver.secret);
    assert_eq!(again.body, first.body);
    for name in ["webhook-id", "x-chatforge-delivery"] {
        assert_eq!(again.header(name), first.header(name));
    }
    assert_eq!(again.header("webhook-timestamp"), server.now().seconds().to_string());
    wait_for_tries(&server, 2);
    assert_eq!(server.deliveries(), [("delivered".into(), 2)]);
    assert_eq!(server.events("lead.captured").len(), 1);
}

#[test]
fn e19_a_failed_try_by_hand_changes_nothing_and_brings_no_other() {
    let (server, agent, receiver, path) = with_receiver();
    send_lead(&server, &agent);
    receiver.next();
    wait_for_tries(&server, 1);
    receiver.always(Answer::Status(500));
    retry(&server, &path, &newest(&server, &path)).is(202);
    wait_for_tries(&server, 2);
    let after = newest(&server, &path);
    assert_eq!((&after["status"], &after["next_attempt_at"]), (&json!("delivered"), &Value::Null));
    assert_eq!(after["attempts"][1]["response_status"], 500);
    receiver.next();
    server.pass(Hours(14));
    send_lead(&server, &agent);
    wait_for_tries(&server, 3);
    assert_eq!(server.deliveries(), [("delivered".into(), 2), ("pending".into(), 1)]);
    receiver.next();
    assert!(receiver.is_empty());
}

#[test]
fn e19_what_was_given_up_can_be_sent_again() {
    let (server, agent, receiver, path) = with_receiver();
    receiver.always(Answer::Status(500));
    send_lead(&server, &agent);
    for tries in 1..=6 {
        wait_for_tries(&server, tries);
        server.pass(Hours(14));
    }
    assert_eq!(newest(&server, &path)["status"], "exhausted");
    retry(&server, &path, &newest(&server, &path)).is(202);
    wait_for_tries(&server, 7);
    assert_eq!(server.deliveries(), [("exhausted".into(), 7)]);
    receiver.always(Answer::Status(200));
    retry(&server, &path, &newest(&server, &path)).is(202);
    wait_for_tries(&server, 8);
    assert_eq!(server.deliveries(), [("delivered".into(), 8)]);
    assert_eq!(server.get(&format!("{WEBHOOKS}/{}", receiver.id)).json["success_rate"], 1.0);
}

/// Asked for twice before the first is on its way, as by a double click.
#[test]
fn e19_what_is_sent_again_twice_at_once_stays_delivered() {
    let (server, agent, receiver, path) = with_receiver();
    send_lead(&server, &agent);
    receiver.next();
    wait_for_tries(&server, 1);
    let delivered = newest(&server, &path);
    server.pass(Seconds(1));
    receiver.script(&[Answer::Silence, Answer::Silence]);
    (0..2).for_each(|_| send_lead(&server, &agent));
    let under_way = "SELECT count(*) FROM deliveries WHERE state = 'inflight'";
    until("both on their way", || Some(()).filter(|()| server.count(under_way) == 2));
    receiver.always(Answer::Status(500));
    for _ in 0..2 {
        assert_eq!(retry(&server, &path, &delivered).is(202).json["status"], "pending");
    }
    receiver.hang_up(2);
    wait_for_tries(&server, 4);
    let state = |delivery: &Value| {
        let rows = server.get(&path).json["deliveries"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["id"] == delivery["id"]).unwrap()["status"].clone()
    };
    assert_eq!(state(&delivered), "delivered");
}

#[test]
fn e19_what_is_under_way_or_disabled_is_not_sent_again() {
    let (server, agent, receiver, path) = with_receiver();
    receiver.script(&[Answer::Silence]);
    send_lead(&server, &agent);
    receiver.next();
    let delivery = newest(&server, &path);
    retry(&server, &path, &delivery).fails(409, "conflict");
    receiver.hang_up(1);
    wait_for_tries(&server, 1);
    let webhook = format!("{WEBHOOKS}/{}", receiver.id);
    server.patch(&webhook, &json!({ "status": "disabled" })).is(200);
    retry(&server, &path, &delivery).fails(409, "conflict");
    assert_eq!(server.deliveries(), [("pending".into(), 1)]);
    for id in ["dlv_a1b2c3d4e5", "nonsense"] {
        server.post(&format!("{path}/{id}/retry"), &json!({})).fails(404, "not_found");
    }
    // A delivery belongs to one webhook.
    let other = server.receiver();
    let foreign = format!("{WEBHOOKS}/{}/deliveries", other.id);
    retry(&server, &foreign, &delivery).fails(404, "not_found");
    retry(&server, &format!("{WEBHOOKS}/wh_a1b2c3d4e5/deliveries"), &delivery).fails(404, "webhook_not_found");
}

#[test]
fn events_are_listed_as_they_were_delivered() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    let visitor = server.visitor(&agent);
    server.pass(Seconds(1));
    visitor.lead(&json!({ "email": "jane@example.com", "message": "Grüezi 👋 \"</script>\"" })).is(201);
    let delivered = receiver.next_of("lead.captured");
    let listed = server.get("/api/v1/events").is(200);
    let payload = String::from_utf8(delivered.body.clone()).unwrap();
    let expected = json!({
        "id": delivered.json["id"], "type": "lead.captured", "agent_id": agent, "created_at": "2026-03-26T10:00:01Z",
        "payload": delivered.json,
    });
    assert_eq!(listed.json["events"][0], expected);
    assert!(listed.text.contains(&payload), "the very bytes");
    assert_eq!((&listed.json["total"], &listed.json["next_after"]), (&json!(2), &Value::Null));
    let of = |query: &str| {
        let listed = server.get(&format!("/api/v1/events?{query}")).is(200).json;
        let rows = listed["events"].as_array().unwrap();
        assert_eq!(listed["total"], rows.len());
        rows.iter().map(|row| row["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("type=agent.installed"), ["agent.installed"]);
    assert!(of("type=payment.received").is_empty());
    assert_eq!(of("since=2026-03-26T10:00:00Z"), ["lead.captured"]);
    for wrong in ["lead.lost", "", "LEAD.CAPTURED"] {
        let refused = server.get(&format!("/api/v1/events?type={wrong}")).fails(422, "validation_error");
        assert_eq!(refused.refused(), ["type"], "{wrong}");
    }
    assert_eq!(server.sign_up("stranger@example.com").get("/api/v1/events").json["total"], 0);
}
