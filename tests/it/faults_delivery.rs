//! Deliveries to endpoints that misbehave.

use chatforge::domain::time::{SECOND_MS, Time};
use serde_json::{Value, json};

use crate::receiver::{Answer, Receiver};
use crate::server::Span::{Hours, Seconds};
use crate::server::{TestServer, until};
use crate::webhooks::{WEBHOOKS, body_signature, hear_leads, message_signature, send_lead, verify, wait_for_tries, with_agent};

/// With a receiver of leads, and the path of its webhook.
fn with_receiver() -> (TestServer, String, Receiver, String) {
    let (server, agent) = with_agent();
    let receiver = hear_leads(&server);
    let path = format!("{WEBHOOKS}/{}", receiver.id);
    (server, agent, receiver, path)
}

fn newest(server: &TestServer, path: &str) -> Value {
    server.get(&format!("{path}/deliveries")).is(200).json["deliveries"][0].clone()
}

#[test]
fn e01_every_status_of_success_delivers_at_once() {
    let (server, agent, receiver, path) = with_receiver();
    for (sent, status) in (1..).zip([200, 201, 204, 299]) {
        receiver.script(&[Answer::Status(status)]);
        send_lead(&server, &agent);
        receiver.next();
        wait_for_tries(&server, sent);
        let delivery = newest(&server, &path);
        assert_eq!((&delivery["status"], &delivery["attempts"][0]["response_status"]), (&json!("delivered"), &json!(status)));
        server.pass(Seconds(1));
    }
    server.pass(Hours(14));
    send_lead(&server, &agent);
    wait_for_tries(&server, 5);
    assert_eq!(server.deliveries(), vec![("delivered".to_owned(), 1); 5]);
    assert_eq!(server.get(&path).json["success_rate"], 1.0);
}

/// Cut in the middle of a letter of three bytes.
#[test]
fn e07_of_a_long_answer_four_kilobytes_are_kept() {
    let (server, agent, receiver, path) = with_receiver();
    receiver.script(&[Answer::Body("€".repeat(100_000).leak())]);
    send_lead(&server, &agent);
    receiver.next();
    wait_for_tries(&server, 1);
    let delivery = newest(&server, &path);
    assert_eq!(delivery["status"], "delivered");
    assert_eq!(delivery["attempts"][0]["response_body"], format!("{}\u{fffd}", "€".repeat(1_365)));
    assert_eq!(server.count("SELECT length(CAST(response_body AS BLOB)) FROM delivery_attempts"), 4_098);
}

#[test]
fn e08_what_is_no_success_is_tried_again() {
    let (server, agent, receiver, path) = with_receiver();
    for (sent, status) in (1..).zip([301, 304, 400, 500]) {
        receiver.script(&[Answer::Status(status)]);
        send_lead(&server, &agent);
        receiver.next();
        wait_for_tries(&server, sent);
        let delivery = newest(&server, &path);
        assert_eq!((&delivery["status"], &delivery["attempts"][0]["response_status"]), (&json!("pending"), &json!(status)));
        assert_ne!(delivery["next_attempt_at"], Value::Null);
        server.pass(Seconds(1));
    }
    assert_eq!(receiver.accepted(), 5, "the challenge and four tries");
}

/// After 429 the wait is a minute, and the endpoint may make two of it, but neither less nor more.
#[test]
fn e10_retry_after_moves_the_next_try_within_bounds() {
    let (server, agent, receiver, path) = with_receiver();
    let asked = [("5", 60), ("99999999", 120), ("-1", 60), ("Sun, 15 Mar 2020 08:31:00 GMT", 60), ("abc", 60), ("90", 90)];
    for (sent, (when, seconds)) in (1..).zip(asked) {
        receiver.script(&[Answer::Later(when)]);
        send_lead(&server, &agent);
        let id = receiver.next().header("x-chatforge-delivery").to_owned();
        wait_for_tries(&server, sent);
        let rows = server.get(&format!("{path}/deliveries")).json["deliveries"].as_array().unwrap().clone();
        let delivery = rows.into_iter().find(|row| row["id"] == id).unwrap();
        let next = Time::parse(delivery["next_attempt_at"].as_str().unwrap()).unwrap();
        assert_eq!(next.since(server.now()), seconds * SECOND_MS, "{when}");
    }
    let due = |seconds| {
        server.pass(Seconds(seconds));
        // Shows that the dispatcher has looked at the new time.
        send_lead(&server, &agent);
    };
    due(59);
    wait_for_tries(&server, 7);
    receiver.next();
    due(1);
    wait_for_tries(&server, 12);
    due(60);
    wait_for_tries(&server, 15);
    assert_eq!(server.count("SELECT count(*) FROM deliveries WHERE state = 'delivered'"), 9);
}

#[test]
fn e11_an_event_whose_answer_was_lost_comes_again_under_its_id() {
    let (server, agent, receiver, path) = with_receiver();
    receiver.script(&[Answer::Silence]);
    send_lead(&server, &agent);
    let first = receiver.next();
    receiver.hang_up(1);
    wait_for_tries(&server, 1);
    assert_eq!(newest(&server, &path)["attempts"][0]["error"], "protocol_error");
    server.pass(Seconds(12));
    let again = receiver.next();
    verify(&again, &receiver.secret);
    assert_eq!((again.header("webhook-id"), &again.body), (first.header("webhook-id"), &first.body));
    wait_for_tries(&server, 2);
    assert_eq!(server.deliveries(), [("delivered".into(), 2)]);
}

#[test]
fn e16_what_arrives_is_what_was_stored() {
    let (server, agent, receiver, _) = with_receiver();
    let message = format!("Grüezi 👩‍👩‍👧‍👦 \"</script>\" \\ \u{2028} {}", "é😀".repeat(1_900));
    assert!(message.len() > 10_000);
    let form = json!({ "name": "Zoë <b>", "email": "jane@example.com", "message": message });
    server.visitor(&agent).lead(&form).is(201);
    let delivery = receiver.next();
    assert_eq!((&delivery.json["data"]["message"], &delivery.json["data"]["name"]), (&json!(message), &json!("Zoë <b>")));
    let stored: Vec<u8> =
        server.database().query_row("SELECT payload FROM events WHERE type = 'lead.captured'", [], |row| row.get(0)).unwrap();
    assert_eq!(delivery.body, stored);
    verify(&delivery, &receiver.secret);
}

/// Whatever is under way while the secret changes can be checked with a secret that its receiver has.
#[test]
fn e17_during_a_rotation_every_delivery_can_be_checked() {
    let (server, agent, receiver, path) = with_receiver();
    receiver.script(&[Answer::Status(500)]);
    send_lead(&server, &agent);
    verify(&receiver.next(), &receiver.secret);
    wait_for_tries(&server, 1);
    let visitor = server.visitor(&agent);
    let new = std::thread::scope(|scope| {
        scope.spawn(|| (0..8).for_each(|_| send_lead(&server, &agent)));
        let rotated = server.post(&format!("{path}/rotate"), &json!({})).is(200).json;
        rotated["secret"].as_str().unwrap().to_owned()
    });
    visitor.lead(&json!({ "email": "last@example.com" })).is(201);
    let told: Vec<_> = (0..9).map(|_| receiver.next()).collect();
    for delivery in &told {
        assert_eq!(delivery.header("x-chatforge-signature"), body_signature(delivery, &receiver.secret));
        let signatures: Vec<_> = delivery.header("webhook-signature").split(' ').collect();
        assert_eq!(signatures[0], message_signature(delivery, &receiver.secret));
        if delivery.has("x-chatforge-signature-next") {
            assert_eq!(delivery.header("x-chatforge-signature-next"), body_signature(delivery, &new));
            assert_eq!(signatures[1..], [message_signature(delivery, &new)]);
        } else {
            assert_eq!(signatures.len(), 1);
        }
    }
    assert!(told.iter().any(|delivery| delivery.contains("last@example.com") && delivery.has("x-chatforge-signature-next")));
    wait_for_tries(&server, 10);
    server.patch(&path, &json!({ "status": "disabled" })).is(200);
    server.pass(Hours(24));
    until("the flip", || Some(()).filter(|()| server.count("SELECT count(*) FROM webhooks WHERE next_secret IS NULL") == 1));
    // A try is signed when it is made: what first went out under the old secret comes again under the new one.
    server.patch(&path, &json!({ "status": "active" })).is(200);
    let again = receiver.next();
    assert_eq!(again.header("x-chatforge-attempt"), "2");
    verify(&again, &new);
}

#[test]
fn e18_of_a_webhook_deleted_during_a_try_nothing_more_is_heard() {
    let (server, agent, receiver, path) = with_receiver();
    receiver.script(&[Answer::Silence]);
    (0..3).for_each(|_| send_lead(&server, &agent));
    let under_way = "SELECT count(*) FROM deliveries WHERE state = 'inflight'";
    until("a try", || Some(()).filter(|()| server.count(under_way) == 1));
    receiver.next();
    server.delete(&path).is(200);
    assert_eq!(server.deliveries(), vec![("canceled".to_owned(), 0); 3]);
    receiver.hang_up(1);
    // Another webhook's delivery shows that the senders went on.
    let other = server.receiver();
    server.pass(Hours(14));
    send_lead(&server, &agent);
    other.next_of("lead.captured");
    until("its record", || Some(()).filter(|()| server.count("SELECT count(*) FROM deliveries WHERE state = 'delivered'") == 1));
    assert_eq!(server.deliveries()[..3], vec![("canceled".to_owned(), 0); 3]);
    assert_eq!(receiver.accepted(), 2, "the challenge and a try");
}

#[test]
fn e19_what_waits_is_sent_at_once_and_not_once_more() {
    let (server, agent, receiver, path) = with_receiver();
    receiver.script(&[Answer::Status(500), Answer::Status(500)]);
    send_lead(&server, &agent);
    receiver.next();
    wait_for_tries(&server, 1);
    let delivery = newest(&server, &path)["id"].as_str().unwrap().to_owned();
    server.post(&format!("{path}/deliveries/{delivery}/retry"), &json!({})).is(202);
    assert_eq!(receiver.next().header("x-chatforge-attempt"), "2");
    wait_for_tries(&server, 2);
    // The wait that the first failure had begun is over by now; the one after the second failure is not.
    server.pass(Seconds(15));
    send_lead(&server, &agent);
    wait_for_tries(&server, 3);
    assert_eq!(server.deliveries(), [("pending".into(), 2), ("delivered".into(), 1)]);
    server.pass(Hours(14));
    wait_for_tries(&server, 4);
    server.pass(Hours(14));
    send_lead(&server, &agent);
    wait_for_tries(&server, 5);
    assert_eq!(server.deliveries(), [("delivered".into(), 3), ("delivered".into(), 1), ("delivered".into(), 1)]);
}

#[test]
fn e21_the_body_of_an_answer_is_shown_as_text() {
    let (server, agent, receiver, path) = with_receiver();
    let body = "\u{1b}[31mred\u{7}\0after<script>alert(1)</script>\u{202e}\u{fffd}\"";
    receiver.script(&[Answer::Body(body)]);
    send_lead(&server, &agent);
    receiver.next();
    wait_for_tries(&server, 1);
    let shown = server.get(&format!("{path}/deliveries")).is(200);
    let attempt = &shown.json["deliveries"][0]["attempts"][0];
    assert_eq!((&attempt["response_status"], &attempt["response_body"]), (&json!(200), &json!(body)));
    assert!(!shown.text.contains(|c: char| c.is_control()), "{:?}", shown.text);
    assert_eq!(shown.header("content-type"), "application/json");
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
}
