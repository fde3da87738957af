//! Claims that lose their ground while they wait for a thread, or whose try cannot be recorded at once.

use rusqlite::params;
use serde_json::json;

use crate::receiver::{Answer, Receiver};
use crate::server::Span::Seconds;
use crate::server::{TestServer, until};
use crate::webhooks::{WEBHOOKS, hear_leads, send_lead, wait_for_tries, with_agent};

const UNDER_WAY: &str = "SELECT count(*) FROM deliveries WHERE state = 'inflight'";

/// With one thread of the fast lane, and two receivers of leads, the first of which keeps it.
fn with_one_thread() -> (TestServer, String, Receiver, Receiver) {
    let server = TestServer::start_with(|config| config.webhooks.threads = 2);
    let agent = server.agent(&json!({ "name": "A" }));
    let (first, second) = (hear_leads(&server), hear_leads(&server));
    first.script(&[Answer::Silence]);
    (server, agent, first, second)
}

fn wait_for_claims(server: &TestServer, count: i64) {
    until("the claims", || Some(()).filter(|()| server.count(UNDER_WAY) == count));
}

#[test]
fn a_claim_that_waits_goes_to_no_address_that_its_webhook_has_left() {
    let (server, agent, first, old) = with_one_thread();
    send_lead(&server, &agent);
    first.next();
    wait_for_claims(&server, 2);
    let new = Receiver::listen();
    server.patch(&format!("{WEBHOOKS}/{}", old.id), &json!({ "url": new.url() })).is(200);
    first.hang_up(1);
    // Another lead shows that the thread has gone on.
    send_lead(&server, &agent);
    first.next();
    wait_for_tries(&server, 2);
    assert!(old.is_empty() && new.is_empty());
    server.pass(Seconds(31));
    assert_eq!(new.next().header("x-chatforge-attempt"), "1");
    assert!(old.is_empty());
}

#[test]
fn a_claim_that_waits_tells_nobody_of_a_visitor_who_was_erased() {
    let (server, agent, first, second) = with_one_thread();
    let visitor = server.visitor(&agent);
    visitor.lead(&json!({ "email": "jane@example.com" })).is(201);
    first.next();
    wait_for_claims(&server, 2);
    server.delete(&format!("/api/v1/visitors/{}", visitor.id)).is(200);
    first.hang_up(1);
    server.visitor(&agent).lead(&json!({ "email": "other@example.com" })).is(201);
    for receiver in [&first, &second] {
        assert!(receiver.next().contains("other@example.com"));
        assert!(receiver.is_empty());
    }
}

#[test]
fn a_delivery_that_was_cut_off_a_hundred_times_is_given_up() {
    let (mut server, _) = with_agent();
    let receiver = hear_leads(&server);
    server.stop();
    let (db, now) = (server.database_to_fill(), server.now().ms());
    for (number, interrupts) in [(0, 98), (1, 99)] {
        let event = format!("evt_lc_{number:010}");
        db.execute(
            "INSERT INTO events (id, account, type, payload, created_at) VALUES (?1, ?2, 'lead.captured', x'7b7d', ?3)",
            params![event, server.account, now],
        )
        .unwrap();
        db.execute(
            "INSERT INTO deliveries (id, account, event, webhook, state, interrupts, lease, lease_until, created_at)
             VALUES ('dlv_' || ?1, ?2, ?3, ?4, 'inflight', ?5, 1, ?6, ?6)",
            params![number, server.account, event, receiver.id, interrupts, now],
        )
        .unwrap();
    }
    drop(db);
    server.restart();
    assert_eq!(receiver.next().header("webhook-id"), "evt_lc_0000000000");
    wait_for_tries(&server, 1);
    assert!(receiver.is_empty());
    let given_up =
        "SELECT count(*) FROM deliveries WHERE state = 'exhausted' AND interrupts = 100 AND last_error = 'interrupted'";
    assert_eq!(server.count(given_up), 1);
}

#[test]
fn a_try_is_recorded_once_the_store_can_be_written_again() {
    let (server, agent) = with_agent();
    let receiver = hear_leads(&server);
    receiver.script(&[Answer::Silence]);
    send_lead(&server, &agent);
    receiver.next();
    wait_for_claims(&server, 1);
    let other = server.database_to_fill();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    receiver.hang_up(1);
    until("a store that is busy", || Some(()).filter(|()| server.get("/readyz").status == 503));
    assert_eq!(server.count("SELECT count(*) FROM delivery_attempts"), 0);
    other.execute_batch("ROLLBACK").unwrap();
    wait_for_tries(&server, 1);
    assert_eq!(server.deliveries(), [("pending".into(), 1)]);
    assert!(receiver.is_empty());
}
