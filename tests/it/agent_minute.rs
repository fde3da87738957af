//! An agent's messages in a minute, which strangers have in common.

use serde_json::{Value, json};

use crate::http::Client;
use crate::models::last_trace;
use crate::server::Span::{Days, Minutes};
use crate::server::TestServer;
use crate::upstream::Upstream;
use crate::visitor::Visitor;

/// Behind a proxy, with an agent that is to be asked 80 times a minute.
fn proxied() -> (TestServer, String) {
    let server = TestServer::start_with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.1".into()];
        config.widget.messages_per_agent_minute = 80;
    });
    let agent = server.agent(&json!({ "name": "A" }));
    (server, agent)
}

fn from(server: &TestServer, address: &str) -> Client {
    server.client().with("x-forwarded-for", address)
}

/// How many of a new visitor's messages from there are answered.
fn answered(server: &TestServer, agent: &str, address: &str, count: usize) -> usize {
    let visitor = Visitor::open(&from(server, address), json!({ "agent_id": agent }));
    (0..count).filter(|_| visitor.say("Hello").status == 200).count()
}

#[test]
fn many_networks_of_one_customer_leave_an_agent_to_the_others() {
    let (server, agent) = proxied();
    let of_one: usize = (0..12).map(|n| answered(&server, &agent, &format!("2001:db8:9:{n:x}::1"), 10)).sum();
    assert_eq!(of_one, 20);
    assert_eq!(answered(&server, &agent, "198.51.100.77", 3), 3);
    assert_eq!(answered(&server, &agent, "2001:db8:a::1", 3), 3);
}

#[test]
fn ten_addresses_of_one_block_leave_an_agent_to_the_others() {
    let (server, agent) = proxied();
    let of_ten: usize = (0..10).map(|n| answered(&server, &agent, &format!("203.0.113.{n}"), 10)).sum();
    assert_eq!(of_ten, 20);
    assert_eq!(answered(&server, &agent, "203.0.114.1", 10), 10);
    server.pass(Minutes(1));
    assert_eq!(answered(&server, &agent, "203.0.113.99", 10), 10);
}

#[test]
fn past_an_agents_limit_those_are_answered_who_ask_little() {
    let (server, agent) = proxied();
    let loud = |n: usize| (0..3).map(|m| answered(&server, &agent, &format!("10.{n}.0.{m}"), 10)).sum::<usize>();
    assert_eq!((0..4).map(loud).sum::<usize>(), 80);
    assert_eq!(answered(&server, &agent, "10.0.0.9", 1), 0);
    assert_eq!(answered(&server, &agent, "198.51.100.77", 10), 10);
    let rest: usize = (0..25).map(|n| answered(&server, &agent, &format!("10.100.{n}.1"), 10)).sum();
    assert_eq!(rest, 4 * 80 - 80 - 10);
    let visitor = Visitor::open(&from(&server, "192.0.2.1"), json!({ "agent_id": agent }));
    assert!(visitor.say("Hello").fails(429, "rate_limited").number("retry-after") > 0);
    server.pass(Minutes(1));
    visitor.ask("Hello");
}

/// Who answers a new visitor from there, and why.
fn provider(server: &TestServer, agent: &str, address: &str) -> (String, Value) {
    let visitor = Visitor::open(&from(server, address), json!({ "agent_id": agent }));
    visitor.ask("What are your opening hours?");
    let trace = last_trace(server, agent);
    (trace["provider"].as_str().unwrap().to_owned(), trace["degraded"].clone())
}

#[test]
fn past_an_agents_limit_models_are_not_asked() {
    let upstream = Upstream::listen();
    let server = TestServer::start_with(|config| {
        upstream.configure(config, "primary");
        config.server.trusted_proxies = vec!["127.0.0.1".into()];
        config.widget.messages_per_agent_minute = 10;
    });
    let agent = server.agent(&json!({ "name": "A" }));
    server.teach(&agent, "faq", "Q: What are your opening hours?\nA: We are open from 9:00 to 17:00.");
    for n in 0..10 {
        assert_eq!(provider(&server, &agent, &format!("2001:db8:1:{n}::1")), ("primary".into(), Value::Null));
    }
    assert_eq!(provider(&server, &agent, "198.51.100.1"), ("embedded".into(), json!("over_limit")));
    server.pass(Minutes(1));
    assert_eq!(provider(&server, &agent, "198.51.100.1"), ("primary".into(), Value::Null));
}

#[test]
fn one_network_uses_up_a_part_of_the_days_answers_by_models() {
    let upstream = Upstream::listen();
    let server = TestServer::start_with(|config| {
        upstream.configure(config, "primary");
        config.server.trusted_proxies = vec!["127.0.0.1".into()];
        config.answers.model_answers_per_agent_day = 48;
    });
    let agent = server.agent(&json!({ "name": "A" }));
    server.teach(&agent, "faq", "Q: What are your opening hours?\nA: We are open from 9:00 to 17:00.");
    for n in 0..12 {
        assert_eq!(provider(&server, &agent, &format!("203.0.113.{n}")).0, "primary");
    }
    assert_eq!(provider(&server, &agent, "203.0.113.99"), ("embedded".into(), json!("over_limit")));
    assert_eq!(provider(&server, &agent, "198.51.100.1").0, "primary");
    server.pass(Days(1));
    assert_eq!(provider(&server, &agent, "203.0.113.99").0, "primary");
}
