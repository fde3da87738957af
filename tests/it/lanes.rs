//! Endpoints that are dead, silent or slow, and those beside them that must not notice.

use serde_json::json;

use crate::browser::{Browser, PASSWORD, signed_in};
use crate::receiver::{Answer, Receiver};
use crate::server::Span::{Days, Hours, Minutes};
use crate::server::{TestServer, until};
use crate::visitor::Visitor;
use crate::webhooks::{WEBHOOKS, hear_leads, send_lead, verify, wait_for_tries};

/// As many threads for deliveries as in production.
fn with_threads() -> (TestServer, String) {
    let server = TestServer::start_with(|config| {
        config.webhooks.threads = 32;
        config.testing.public_limits = false;
    });
    let agent = server.agent(&json!({ "name": "A" }));
    (server, agent)
}

fn arrivals(receiver: &Receiver) -> usize {
    std::iter::from_fn(|| Some(()).filter(|()| !receiver.is_empty())).count()
}

#[test]
fn e12_dead_and_silent_endpoints_hold_up_nobody_else() {
    const LEADS: usize = 20;
    let (server, agent) = with_threads();
    let dead = hear_leads(&server);
    let silent = hear_leads(&server);
    let healthy: Vec<_> = (0..10).map(|_| hear_leads(&server)).collect();
    silent.always(Answer::Silence);
    drop(dead);
    (0..LEADS).for_each(|_| send_lead(&server, &agent));
    for receiver in &healthy {
        let mut ids: Vec<_> = (0..LEADS).map(|_| receiver.next().header("webhook-id").to_owned()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), LEADS, "each once");
        assert!(receiver.is_empty());
    }
    assert_eq!(arrivals(&silent), 1, "one that has not shown that it answers holds one thread");
}

#[test]
fn e13_an_account_of_silent_endpoints_leaves_threads_to_the_others() {
    let (server, agent) = with_threads();
    let silent: Vec<_> = (0..15).map(|_| hear_leads(&server)).collect();
    silent.iter().for_each(|receiver| receiver.always(Answer::Silence));
    let other = server.sign_up("other@example.com");
    let others_agent = other.agent(&json!({ "name": "B" }));
    let healthy = hear_leads(&other);
    send_lead(&server, &agent);
    let under_way = "SELECT count(*) FROM deliveries WHERE state = 'inflight'";
    until("the places of the account", || Some(()).filter(|()| server.count(under_way) == 6));
    for _ in 0..20 {
        Visitor::open(&server.client(), json!({ "agent_id": others_agent })).lead(&json!({ "email": "a@example.com" })).is(201);
        healthy.next();
    }
    assert_eq!(silent.iter().map(arrivals).sum::<usize>(), 6, "an account holds so many threads of the fast lane");
}

#[test]
fn a_place_that_becomes_free_goes_to_whoever_waits() {
    let server = TestServer::start_with(|config| {
        config.webhooks.threads = 32;
        config.testing.webhook_timeout_ms = 1_000;
    });
    let agent = server.agent(&json!({ "name": "A" }));
    let silent: Vec<_> = (0..9).map(|_| hear_leads(&server)).collect();
    silent.iter().for_each(|receiver| receiver.always(Answer::Silence));
    send_lead(&server, &agent);
    // Six places of the fast lane, which all of them leave; nothing else happens, and no retry is due.
    wait_for_tries(&server, 9);
    assert!(silent.iter().all(|receiver| arrivals(receiver) == 1));
    assert_eq!(server.count("SELECT count(*) FROM webhooks WHERE lane = 'slow'"), 9);
}

#[test]
fn the_places_of_a_deleted_webhook_go_to_the_others() {
    let (server, agent) = with_threads();
    let silent: Vec<_> = (0..8).map(|_| hear_leads(&server)).collect();
    silent.iter().for_each(|receiver| receiver.always(Answer::Silence));
    send_lead(&server, &agent);
    let under_way = "SELECT count(*) FROM deliveries WHERE state = 'inflight'";
    until("the places of the account", || Some(()).filter(|()| server.count(under_way) == 6));
    let first = until("one that is tried", || silent.iter().find(|receiver| !receiver.is_empty()));
    server.delete(&format!("{WEBHOOKS}/{}", first.id)).is(200);
    until("another in its place", || Some(()).filter(|()| server.count(under_way) == 6));
    assert_eq!(server.count("SELECT count(*) FROM deliveries WHERE state = 'pending'"), 1);
}

#[test]
fn e14_a_backlog_of_one_endpoint_costs_the_others_nothing() {
    let (mut server, agent) = with_threads();
    let (full, other) = (hear_leads(&server), hear_leads(&server));
    full.always(Answer::Silence);
    server.stop();
    let db = server.database_to_fill();
    let (account, webhook, now) = (server.account.clone(), full.id.clone(), server.now().ms());
    db.execute(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 50000)
         INSERT INTO events (id, account, type, payload, created_at)
         SELECT 'evt_lc_' || printf('%010d', n), ?1, 'lead.captured', x'7b7d', ?2 FROM n",
        rusqlite::params![account, now],
    )
    .unwrap();
    db.execute(
        "INSERT INTO deliveries (id, account, event, webhook, state, attempts, next_attempt_at, created_at)
         SELECT 'dlv_' || substr(id, 8), account, id, ?1, 'pending', 1, created_at, created_at FROM events",
        [&webhook],
    )
    .unwrap();
    db.execute("UPDATE webhooks SET next_due_at = ?2 WHERE id = ?1", rusqlite::params![webhook, now]).unwrap();
    drop(db);
    server.restart();
    send_lead(&server, &agent);
    other.next();
    // And what has just happened goes before what is tried again.
    full.next();
    full.hang_up(1);
    full.always(Answer::Status(200));
    server.pass(Minutes(1));
    send_lead(&server, &agent);
    let first = |receiver: &Receiver| (0..3).map(|_| receiver.next()).any(|d| d.header("x-chatforge-attempt") == "1");
    assert!(first(&full), "a new event waits behind no retries");
    other.next();
}

#[test]
fn an_endpoint_that_times_out_moves_to_the_slow_lane_until_it_is_quick_again() {
    let server = TestServer::start_with(|config| config.testing.webhook_timeout_ms = 1_000);
    let agent = server.agent(&json!({ "name": "A" }));
    let receiver = hear_leads(&server);
    let lane = || server.database().query_row("SELECT lane FROM webhooks", [], |row| row.get::<_, String>(0)).unwrap();
    receiver.script(&[Answer::Silence]);
    send_lead(&server, &agent);
    wait_for_tries(&server, 1);
    assert_eq!(lane(), "slow");
    let error = "SELECT count(*) FROM delivery_attempts WHERE error = 'timeout'";
    assert_eq!(server.count(error), 1);
    let quick = (2..50).find(|tries| {
        send_lead(&server, &agent);
        wait_for_tries(&server, *tries);
        lane() == "fast"
    });
    assert!(quick >= Some(6), "five answers, not fewer: {quick:?}");
}

/// Fails whatever comes, until nothing more is tried by itself.
fn exhaust(server: &TestServer, agent: &str, tries_before: i64) {
    send_lead(server, agent);
    for tries in 1..=6 {
        wait_for_tries(server, tries_before + tries);
        server.pass(Hours(14));
    }
}

#[test]
fn e20_five_days_of_nothing_but_failures_disable_with_a_notice() {
    let (server, agent) = with_threads();
    let receiver = hear_leads(&server);
    let path = format!("{WEBHOOKS}/{}", receiver.id);
    receiver.always(Answer::Status(500));
    exhaust(&server, &agent, 0);
    let shown = server.get(&path).is(200).json;
    assert_eq!((&shown["status"], &shown["disabled_reason"]), (&json!("active"), &json!(null)));
    assert_eq!(shown["failing_since"], "2026-03-26T10:00:00Z");
    // One success, and the days are counted anew.
    receiver.always(Answer::Status(200));
    send_lead(&server, &agent);
    wait_for_tries(&server, 7);
    assert_eq!(server.get(&path).json["failing_since"], json!(null));
    receiver.always(Answer::Status(500));
    exhaust(&server, &agent, 7);
    assert_eq!(server.get(&path).json["status"], "active", "eight days in all, but not on end");
    server.pass(Days(2));
    send_lead(&server, &agent);
    wait_for_tries(&server, 14);
    let shown = server.get(&path).is(200).json;
    assert_eq!((&shown["status"], &shown["disabled_reason"]), (&json!("disabled"), &json!("failing")));
    server.pass(Hours(14));
    send_lead(&server, &agent);
    while !receiver.is_empty() {}
    // What waits for it is given up after 72 hours.
    assert_eq!(server.count("SELECT count(*) FROM deliveries WHERE state = 'pending'"), 1);
    server.pass(Hours(72));
    let expired = "SELECT count(*) FROM deliveries WHERE state = 'canceled' AND last_error = 'expired'";
    until("the expiry", || Some(()).filter(|()| server.count(expired) == 1));
    receiver.always(Answer::Status(200));
    server.patch(&path, &json!({ "status": "active" })).is(200);
    send_lead(&server, &agent);
    verify(&receiver.next(), &receiver.secret);
    assert!(receiver.is_empty());
    let shown = server.get(&path).is(200).json;
    assert_eq!((&shown["status"], &shown["disabled_reason"]), (&json!("active"), &json!(null)));
}

/// An administrator's account, with a key of it.
#[test]
fn every_page_tells_of_a_webhook_in_trouble() {
    let (server, mut browser) = signed_in();
    let account = server.database().query_row("SELECT id FROM accounts", [], |row| row.get::<_, String>(0)).unwrap();
    let api = server.api_of(&account);
    let agent = api.agent(&json!({ "name": "A" }));
    let receiver = hear_leads(&api);
    let told = |browser: &mut Browser| browser.get("/leads").is(200).text.contains(&receiver.url());
    receiver.always(Answer::Status(500));
    let lead = || drop(server.visitor(&agent).lead(&json!({ "email": "jane@example.com" })).is(201));
    lead();
    wait_for_tries(&server, 1);
    assert!(!told(&mut browser), "a bad hour is nobody's business");
    server.pass(Days(1));
    browser.sign_in(PASSWORD).is(303);
    assert!(told(&mut browser));
    receiver.always(Answer::Status(410));
    wait_for_tries(&server, 2);
    lead();
    wait_for_tries(&server, 3);
    assert_eq!(api.get(&format!("{WEBHOOKS}/{}", receiver.id)).json["disabled_reason"], "gone");
    let page = browser.get("/leads").is(200).text;
    assert!(page.contains("answered 410 Gone and was disabled on 27 Mar 2026, 10:00 UTC."), "{page}");
    assert!(page.contains(&format!("<a href=\"/webhooks/{}\">View details</a>", receiver.id)), "{page}");
    api.patch(&format!("{WEBHOOKS}/{}", receiver.id), &json!({ "status": "active" })).is(200);
    assert!(!told(&mut browser));
}
