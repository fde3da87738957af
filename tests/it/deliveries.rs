//! Deliveries: events that reach their webhooks, signed, as documented, again and again until they are given up.

use serde_json::{Value, json};

use crate::binary::{Home, register};
use crate::receiver::{Answer, Receiver};
use crate::server::Span::{Days, Hours, Minutes, Seconds};
use crate::visitor::Visitor;
use crate::webhooks::{WEBHOOKS, send_lead, verify, wait_for_tries, with_agent};

#[test]
fn e24_a_webhook_hears_what_it_asked_for_and_nothing_else() {
    let (server, agent) = with_agent();
    let other = server.agent(&json!({ "name": "Other" }));
    let hear = |api: &crate::server::Api, events: Value, agent: Value| {
        let receiver = Receiver::listen();
        api.post(WEBHOOKS, &json!({ "url": receiver.url(), "events": events, "agent_id": agent })).is(201);
        receiver
    };
    let all = hear(&server, json!(["lead.captured", "conversation.completed"]), Value::Null);
    let leads_of_one = hear(&server, json!(["lead.captured"]), json!(agent));
    let stranger = hear(&server.sign_up("stranger@example.com"), json!(["lead.captured"]), Value::Null);
    for id in [&other, &agent] {
        let visitor = server.visitor(id);
        visitor.ask("I am jane@example.com");
        visitor.close().is(200);
    }
    let mut heard: Vec<_> =
        (0..4).map(|_| all.next()).map(|d| (d.json["type"].to_string(), d.json["agent_id"].to_string())).collect();
    heard.sort();
    heard.dedup();
    assert_eq!(heard.len(), 4);
    assert_eq!(leads_of_one.next().json["agent_id"], json!(agent));
    assert_eq!(server.deliveries().len(), 5);
    assert!(all.is_empty() && leads_of_one.is_empty() && stranger.is_empty());
}

#[test]
fn e15_a_captured_lead_is_told_and_signed_as_documented() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    let visitor = server.visitor(&agent);
    let conversation = visitor.ask("Hello").conversation;
    let form = json!({
        "name": "Jane Smith", "email": "jane@example.com", "phone": "+1-555-0123", "company": "Acme Corp",
        "message": "Grüezi 👋 </script>",
    });
    server.pass(Seconds(5));
    let lead = visitor.lead(&form).is(201).json["lead"]["id"].clone();
    let delivery = receiver.next_of("lead.captured");
    verify(&delivery, &receiver.secret);
    let id = delivery.json["id"].as_str().unwrap();
    assert!(id.starts_with("evt_lc_") && id.len() == 17, "{id}");
    let mut data = form;
    for (field, value) in
        [("lead_id", lead), ("conversation_id", json!(conversation)), ("page_url", json!("https://example.com/pricing"))]
    {
        data[field] = value;
    }
    let expected =
        json!({ "id": id, "type": "lead.captured", "created_at": "2026-03-26T10:00:05Z", "agent_id": agent, "data": data });
    assert_eq!(delivery.json, expected);
    for (name, value) in [
        ("content-type", "application/json"),
        ("x-chatforge-event", "lead.captured"),
        ("x-chatforge-attempt", "1"),
        ("webhook-id", id),
        ("webhook-timestamp", "1774519205"),
    ] {
        assert_eq!(delivery.header(name), value);
    }
    assert!(!delivery.header("x-chatforge-delivery").is_empty());
}

#[test]
fn a_completed_conversation_is_told_as_documented() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    let visitor = server.visitor(&agent);
    let conversation = visitor.ask("I am jane@example.com").conversation;
    server.pass(Seconds(340));
    visitor.close().is(200);
    let delivery = receiver.next_of("conversation.completed");
    verify(&delivery, &receiver.secret);
    assert!(delivery.json["id"].as_str().unwrap().starts_with("evt_cc_"));
    let data = json!({
        "conversation_id": conversation, "messages_count": 3, "duration_seconds": 340, "lead_captured": true,
        "lead_id": server.leads(&agent)[0]["id"], "page_url": "https://example.com/pricing", "visitor_id": visitor.id,
    });
    assert_eq!((&delivery.json["data"], &delivery.json["created_at"]), (&data, &json!("2026-03-26T10:05:40Z")));
}

#[test]
fn an_idle_conversation_is_told_once() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    server.visitor(&agent).ask("Hello");
    server.pass(Minutes(30));
    let told = receiver.next_of("conversation.completed");
    assert_eq!((&told.json["data"]["duration_seconds"], &told.json["data"]["lead_id"]), (&json!(0), &Value::Null));
    assert_eq!(told.json["created_at"], "2026-03-26T10:30:00Z");
    send_lead(&server, &agent);
    assert_eq!(receiver.next().json["type"], "lead.captured");
    assert_eq!(server.events("conversation.completed").len(), 1);
}

#[test]
fn an_installation_is_told_once_a_domain() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    let load = |origin: &str, page: &str| {
        let browser = server.client().with("origin", origin).with("user-agent", "Mozilla/5.0 (Test)");
        Visitor::open(&browser, json!({ "agent_id": agent, "page_url": page }));
    };
    load("https://Example.com", "https://example.com/");
    let delivery = receiver.next();
    verify(&delivery, &receiver.secret);
    assert!(delivery.json["id"].as_str().unwrap().starts_with("evt_ai_"));
    let data = json!({
        "agent_name": "Sales Assistant", "domain": "example.com", "page_url": "https://example.com/", "user_agent": "Mozilla/5.0 (Test)",
    });
    assert_eq!(delivery.json["data"], data);
    load("https://example.com", "https://example.com/other");
    load(&server.base, &format!("{}/preview/{agent}", server.base));
    load("https://app.example.com", "https://app.example.com/");
    assert_eq!(receiver.next().json["data"]["domain"], "app.example.com");
    assert_eq!(server.events("agent.installed").len(), 2);
}

#[test]
fn e02_a_failed_delivery_comes_again_in_the_same_bytes() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    receiver.script(&[Answer::Status(200), Answer::Status(500), Answer::Redirect, Answer::Status(404), Answer::Status(503)]);
    server.visitor(&agent);
    receiver.next_of("agent.installed");
    wait_for_tries(&server, 1);
    send_lead(&server, &agent);
    let first = receiver.next();
    for number in 1..=5_i64 {
        let delivery = if number == 1 { first.clone() } else { receiver.next() };
        verify(&delivery, &receiver.secret);
        assert_eq!(delivery.body, first.body);
        assert_eq!(delivery.header("webhook-id"), first.header("webhook-id"));
        assert_eq!(delivery.header("x-chatforge-delivery"), first.header("x-chatforge-delivery"));
        assert_eq!(delivery.header("x-chatforge-attempt"), number.to_string());
        assert_eq!(delivery.header("webhook-timestamp"), server.now().seconds().to_string());
        wait_for_tries(&server, 1 + number);
        server.pass(Hours(14));
    }
    assert_eq!(server.deliveries(), [("delivered".into(), 1), ("delivered".into(), 5)]);
}

#[test]
fn e03_the_sixth_failure_is_the_last() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    receiver.always(Answer::Status(500));
    send_lead(&server, &agent);
    // One for the installation, one for the lead.
    for tries in 1..=6 {
        wait_for_tries(&server, 2 * tries);
        server.pass(Hours(14));
    }
    assert_eq!(server.deliveries(), [("exhausted".into(), 6), ("exhausted".into(), 6)]);
    assert_eq!((0..12).map(|_| receiver.next()).filter(|d| d.header("x-chatforge-attempt") == "6").count(), 2);
    assert!(receiver.is_empty());
    let webhook = server.get(&format!("{WEBHOOKS}/{}", receiver.id)).json;
    assert_eq!((&webhook["success_rate"], &webhook["status"]), (&json!(0.0), &json!("active")));
    receiver.always(Answer::Status(200));
    send_lead(&server, &agent);
    receiver.next_of("lead.captured");
}

#[test]
fn a_success_rate_is_that_of_thirty_days() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    let visitor = server.visitor(&agent);
    receiver.next_of("agent.installed");
    receiver.always(Answer::Status(410));
    visitor.lead(&json!({ "email": "jane@example.com" })).is(201);
    wait_for_tries(&server, 2);
    let rate = || server.get(&format!("{WEBHOOKS}/{}", receiver.id)).json["success_rate"].clone();
    assert_eq!(rate(), 0.5);
    // What is deleted has ended all the same.
    server.delete(&format!("/api/v1/visitors/{}", visitor.id)).is(200);
    assert_eq!(server.count("SELECT count(*) FROM deliveries"), 0);
    server.pass(Days(29));
    assert_eq!(rate(), 0.5);
    server.pass(Days(2));
    assert_eq!(rate(), Value::Null);
}

#[test]
fn e09_an_endpoint_that_is_gone_hears_nothing_more() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    server.visitor(&agent);
    receiver.next_of("agent.installed");
    wait_for_tries(&server, 1);
    receiver.always(Answer::Status(410));
    send_lead(&server, &agent);
    receiver.next_of("lead.captured");
    wait_for_tries(&server, 2);
    assert_eq!(server.get(&format!("{WEBHOOKS}/{}", receiver.id)).is(200).json["status"], "disabled");
    send_lead(&server, &agent);
    server.pass(Hours(14));
    assert_eq!(server.deliveries(), [("delivered".into(), 1), ("exhausted".into(), 1)]);
    assert!(receiver.is_empty());
}

#[test]
fn e18_a_deleted_webhook_hears_nothing_more() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    let other = server.receiver();
    receiver.always(Answer::Status(500));
    send_lead(&server, &agent);
    wait_for_tries(&server, 4);
    let path = format!("{WEBHOOKS}/{}", receiver.id);
    assert_eq!(server.delete(&path).is(200).json, json!({ "id": receiver.id, "deleted": true }));
    server.delete(&path).fails(404, "webhook_not_found");
    server.get(&path).fails(404, "webhook_not_found");
    assert_eq!(server.count("SELECT count(*) FROM deliveries WHERE state = 'canceled'"), 2);
    while !receiver.is_empty() {}
    server.pass(Hours(14));
    send_lead(&server, &agent);
    other.next_of("lead.captured");
    other.next_of("lead.captured");
    assert!(receiver.is_empty());
}

#[test]
fn deliveries_that_waited_for_a_restart_are_sent_after_it() {
    let (mut server, agent) = with_agent();
    let receiver = server.receiver();
    receiver.always(Answer::Status(500));
    send_lead(&server, &agent);
    wait_for_tries(&server, 2);
    while !receiver.is_empty() {}
    server.stop();
    receiver.always(Answer::Status(200));
    server.pass(Minutes(1));
    server.restart();
    let told = receiver.next_of("lead.captured");
    verify(&told, &receiver.secret);
    assert_eq!(told.header("x-chatforge-attempt"), "2");
    assert_eq!(server.events("lead.captured").len(), 1);
}

#[test]
fn f02_a_delivery_during_which_the_server_was_killed_comes_again() {
    let home = Home::new("[server]\nlisten = \"127.0.0.1:0\"\n[testing]\nallow_private_addresses = true\n");
    let server = home.serve();
    let api = home.sign_up(&server);
    let receiver = Receiver::listen();
    let secret = register(&api, &receiver.url(), &["lead.captured"])["secret"].as_str().unwrap().to_owned();
    let agent = api.post("/api/v1/agents", &json!({ "name": "A" })).is(201).id();
    receiver.script(&[Answer::Silence]);
    Visitor::open(&server.client(), json!({ "agent_id": agent })).lead(&json!({ "email": "jane@example.com" })).is(201);
    let before = receiver.next();
    server.kill();
    let server = home.serve();
    let after = receiver.next();
    verify(&after, &secret);
    assert_eq!((&after.body, after.header("webhook-id")), (&before.body, before.header("webhook-id")));
    assert_eq!(server.terminate(), 0);
    assert!(receiver.is_empty());
}
