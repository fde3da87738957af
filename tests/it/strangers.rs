//! What strangers may do, and how often.

use serde_json::json;

use crate::server::Span::Minutes;
use crate::server::TestServer;
use crate::visitor::Visitor;
use crate::widget::with_agent;

#[test]
fn h16_many_leads_of_a_conversation_are_one() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    visitor.ask("Hello");
    for number in 0..10 {
        visitor.lead(&json!({ "email": format!("jane{number}@example.com") })).is(201);
    }
    visitor.lead(&json!({ "email": "jane@example.com" })).fails(429, "rate_limited");
    assert_eq!((server.leads(&agent).len(), server.events("lead.captured").len()), (1, 1));
}

#[test]
fn h08_whoever_guesses_finds_nothing_and_is_soon_refused() {
    let (server, agent) = with_agent();
    let (victim, stranger) = (server.visitor(&agent), server.visitor(&agent));
    let theirs = victim.ask("Hello").json["message"]["id"].as_str().unwrap().to_owned();
    let rate = |message: &str| stranger.post("feedback", &json!({ "message_id": message, "value": "down" }));
    rate(&theirs).fails(404, "not_found");
    let refused = (0..200).map(|n| rate(&format!("msg_{n:010}"))).find(|reply| reply.status != 404);
    let refused = refused.expect("guesses are limited").fails(429, "rate_limited");
    assert!(refused.number("retry-after") > 0);
    assert_eq!(server.count("SELECT count(*) FROM messages WHERE feedback IS NOT NULL"), 0);
}

#[test]
fn h09_a_visitor_has_ten_messages_a_minute() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    for _ in 0..10 {
        visitor.ask("Hello");
    }
    let limited = visitor.say("Hello").fails(429, "rate_limited");
    assert_eq!(limited.header("retry-after"), "60");
    server.visitor(&agent).ask("Hello");
    server.pass(Minutes(1));
    visitor.ask("Hello");
    assert_eq!(server.count("SELECT count(*) FROM messages WHERE role = 'user'"), 12);
}

#[test]
fn h09_an_address_has_sixty_messages_in_ten_minutes() {
    let (server, agent) = with_agent();
    for _ in 0..6 {
        let visitor = server.visitor(&agent);
        for _ in 0..10 {
            visitor.ask("Hello");
        }
    }
    let seventh = server.visitor(&agent);
    seventh.say("Hello").fails(429, "rate_limited");
    server.pass(Minutes(10));
    seventh.ask("Hello");
}

#[test]
fn h10_who_is_no_proxy_of_ours_cannot_name_another_address() {
    let server = TestServer::start_with(|config| config.widget.boots_per_address_10min = 1);
    let agent = server.agent(&json!({ "name": "A" }));
    let boot = |forwarded: &str| {
        server.client().with("x-forwarded-for", forwarded).post("/widget/v1/boot", &json!({ "agent_id": agent }))
    };
    boot("192.0.2.1").is(200);
    boot("192.0.2.2").fails(429, "rate_limited");
}

#[test]
fn h10_a_proxy_may_write_ports_another_header_or_stand_in_a_range() {
    let server = TestServer::start_with(|config| {
        config.widget.boots_per_address_10min = 1;
        config.server.trusted_proxies = vec!["127.0.0.0/8".into(), "10.0.0.0/8".into(), "2001:db8:ffff::/48".into()];
    });
    let agent = server.agent(&json!({ "name": "A" }));
    let boot = |header: &str, value: &str| {
        server.client().with(header, value).post("/widget/v1/boot", &json!({ "agent_id": agent })).status
    };
    let seen = [
        ("x-forwarded-for", "192.0.2.1:41000", 200),
        ("x-forwarded-for", "192.0.2.1:42000", 429),
        ("x-forwarded-for", "192.0.2.2, 10.4.5.6", 200),
        ("x-forwarded-for", "192.0.2.2, 10.9.9.9:443, [2001:db8:ffff::1]:443", 429),
        ("forwarded", "for=192.0.2.3;proto=https", 200),
        ("forwarded", "proto=https;for=\"192.0.2.3:80\"", 429),
        ("forwarded", "for=\"[2001:db8:1::1]:4711\"", 200),
        ("x-forwarded-for", "[2001:db8:1::2]:99", 429),
    ];
    for (header, value, expected) in seen {
        assert_eq!(boot(header, value), expected, "{header}: {value}");
    }
}

#[test]
fn h11_the_addresses_of_one_network_are_counted_as_one() {
    let server = TestServer::start_with(|config| {
        config.widget.boots_per_address_10min = 1;
        config.server.trusted_proxies = vec!["127.0.0.1".into()];
    });
    let agent = server.agent(&json!({ "name": "A" }));
    let boot = |forwarded: &str| {
        server.client().with("x-forwarded-for", forwarded).post("/widget/v1/boot", &json!({ "agent_id": agent }))
    };
    boot("2001:db8:1:2::1").is(200);
    boot("2001:db8:1:2:ffff::9").fails(429, "rate_limited");
    boot("2001:db8:1:3::1").is(200);
    // What stands left of the last hop is the caller's own invention.
    boot("203.0.113.7, 2001:db8:1:3::2").fails(429, "rate_limited");
}

#[test]
fn h18_a_page_that_cannot_be_linked_is_not_kept() {
    let (server, agent) = with_agent();
    let long = format!("https://example.com/{}", "x".repeat(10_000));
    for page in ["javascript:alert(1)", "https://user:secret@example.com/", long.as_str()] {
        let visitor = Visitor::open(&server.client(), json!({ "agent_id": agent, "page_url": page }));
        visitor.ask("Hello");
        visitor.lead(&json!({ "email": "jane@example.com" })).is(201);
    }
    assert!(server.conversations(&agent).iter().all(|conversation| conversation["page_url"].is_null()));
    assert!(server.leads(&agent).iter().all(|lead| lead["page_url"].is_null()));
    assert_eq!(server.leads(&agent).len(), 3);
}

/// Ten leads an hour, of which somebody at this address has used up all.
fn without_leads_left() -> (TestServer, String) {
    let (server, agent) = with_agent();
    for number in 0..10 {
        let visitor = server.visitor(&agent);
        let (form, text) = (json!({ "email": format!("c{number}@spam.test") }), format!("call me c{number}@spam.test"));
        let captured =
            if number % 2 == 0 { visitor.lead(&form).status == 201 } else { visitor.ask(&text).json["lead_captured"] == true };
        assert!(captured, "{number}");
    }
    (server, agent)
}

#[test]
fn the_form_and_the_chat_share_one_limit_of_leads() {
    let (server, agent) = without_leads_left();
    server.visitor(&agent).lead(&json!({ "email": "more@spam.test" })).fails(429, "rate_limited");
    let visitor = server.visitor(&agent);
    for text in ["call me more@spam.test", "my e-mail is more@spam.test", "+1 555 012 3456"] {
        let answer = visitor.ask(text);
        assert_eq!((&answer.json["lead_captured"], &answer.json["lead_form"]), (&json!(false), &json!(true)));
        assert!(!answer.text.contains("passed your details on"), "{}", answer.text);
    }
    let answer = visitor.ask("What are your opening hours? I'm at more@spam.test");
    assert!(answer.text.contains("9:00") && answer.json["lead_captured"] == false, "{}", answer.text);
    assert_eq!((server.leads(&agent).len(), server.events("lead.captured").len()), (10, 10));
    assert_eq!(server.count("SELECT count(*) FROM messages WHERE content LIKE '%more@spam.test'"), 3);
    assert!(server.conversations(&agent).iter().any(|conversation| conversation["lead_captured"] == false));
    server.pass(Minutes(60));
    assert_eq!(server.visitor(&agent).ask("call me more@spam.test").json["lead_captured"], true);
}

#[test]
fn a_message_that_made_no_lead_makes_none_when_it_is_sent_again() {
    let (server, agent) = without_leads_left();
    let visitor = server.visitor(&agent);
    let body = json!({ "content": "call me more@spam.test", "client_id": "one" });
    for _ in 0..2 {
        assert_eq!(visitor.post("messages", &body).is(200).json["lead_captured"], false);
    }
    assert_eq!(server.leads(&agent).len(), 10);
}

#[test]
fn details_that_a_lead_has_already_take_no_place() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    visitor.lead(&json!({ "name": "Jane", "email": "jane@example.com" })).is(201);
    for n in 0..15 {
        visitor.lead(&json!({ "name": "Jane", "email": "jane@example.com" })).is(201);
        if n < 9 {
            assert_eq!(visitor.ask("As I said, jane@example.com").json["lead_captured"], true);
        }
    }
    for n in 0..9 {
        server.visitor(&agent).lead(&json!({ "email": format!("c{n}@example.com") })).is(201);
    }
    server.visitor(&agent).lead(&json!({ "email": "last@example.com" })).fails(429, "rate_limited");
    assert_eq!(server.leads(&agent).len(), 10);
}

#[test]
fn leads_are_counted_by_every_network_of_an_address() {
    let server = TestServer::start_with(|config| config.server.trusted_proxies = vec!["127.0.0.1".into()]);
    let agent = server.agent(&json!({ "name": "A" }));
    let captured = |address: String| {
        let visitor = Visitor::open(&server.client().with("x-forwarded-for", &address), json!({ "agent_id": agent }));
        visitor.ask(&format!("call me at {}@spam.test", visitor.id)).json["lead_captured"] == true
    };
    let of = |addresses: Vec<String>| addresses.into_iter().filter(|address| captured(address.clone())).count();
    assert_eq!(of((0..90).map(|n| format!("203.0.113.{n}")).collect()), 80);
    assert_eq!(of((0..50).map(|n| format!("2001:db8:1:{n:x}::1")).collect()), 40);
    assert_eq!(of(vec!["198.51.100.1".into(), "2001:db8:2::1".into()]), 2);
}
