//! `Idempotency-Key`: a request that is sent again takes effect once.

use std::sync::Barrier;
use std::thread;

use serde_json::json;

use crate::http::Reply;
use crate::server::Span::Hours;
use crate::server::{Api, TestServer};

const AGENTS: &str = "/api/v1/agents";

fn keyed(api: &Api, key: &str, path: &str, body: &serde_json::Value) -> Reply {
    api.with("idempotency-key", key).post(path, body)
}

#[test]
fn the_same_request_gets_its_first_answer_for_a_day() {
    let server = TestServer::start();
    let body = json!({ "name": "A" });
    let first = keyed(&server, "one", AGENTS, &body).is(201);
    assert!(first.header("idempotent-replayed").is_empty());
    server.pass(Hours(23));
    let again = keyed(&server, "one", AGENTS, &body).is(201);
    assert_eq!((&again.json, again.header("location")), (&first.json, first.header("location")));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_ne!(keyed(&server, "two", AGENTS, &body).is(201).id(), first.id());
    assert_eq!(server.get(AGENTS).json["total"], 2);
    server.pass(Hours(2));
    assert_ne!(keyed(&server, "one", AGENTS, &body).is(201).id(), first.id());
}

#[test]
fn c09_many_at_once_create_one() {
    let server = TestServer::start();
    let (barrier, api) = (Barrier::new(20), (*server).clone());
    let replies: Vec<Reply> = thread::scope(|scope| {
        let one = || {
            barrier.wait();
            keyed(&api, "one", AGENTS, &json!({ "name": "A" }))
        };
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(replies.iter().all(|reply| reply.status == 201 || reply.code() == "conflict"));
    let agents = server.get(AGENTS).is(200).json["agents"].as_array().unwrap().clone();
    assert_eq!(agents.len(), 1);
    assert!(replies.iter().filter(|reply| reply.status == 201).all(|reply| reply.json["id"] == agents[0]["id"]));
}

#[test]
fn c10_a_key_belongs_to_one_request() {
    let server = TestServer::start();
    let agent = keyed(&server, "one", AGENTS, &json!({ "name": "A" })).is(201).id();
    keyed(&server, "one", AGENTS, &json!({ "name": "B" })).fails(422, "validation_error");
    keyed(&server, "one", &format!("{AGENTS}/{agent}/knowledge"), &json!({ "name": "A" })).fails(422, "validation_error");
    assert_eq!(server.get(AGENTS).json["total"], 1);
    keyed(&server.sign_up("stranger@example.com"), "one", AGENTS, &json!({ "name": "B" })).is(201);
}

#[test]
fn c12_a_key_is_a_short_visible_text() {
    let server = TestServer::start();
    for key in [String::new(), "x".repeat(256)] {
        keyed(&server, &key, AGENTS, &json!({ "name": "A" })).fails(400, "bad_request");
    }
    assert_eq!(server.get(AGENTS).json["total"], 0);
    keyed(&server, &"x".repeat(255), AGENTS, &json!({ "name": "A" })).is(201);
}

#[test]
fn c13_what_was_refused_can_be_put_right() {
    let server = TestServer::start();
    keyed(&server, "one", AGENTS, &json!({ "name": "" })).fails(422, "validation_error");
    keyed(&server, "one", AGENTS, &json!({ "name": "A" })).is(201);
}

#[test]
fn an_answer_outlives_a_restart() {
    let mut server = TestServer::start();
    let first = keyed(&server, "one", AGENTS, &json!({ "name": "A" })).is(201).id();
    server.restart();
    assert_eq!(keyed(&server, "one", AGENTS, &json!({ "name": "A" })).is(201).id(), first);
    assert_eq!(server.get(AGENTS).json["total"], 1);
}

#[test]
fn every_post_that_makes_something_makes_it_once() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A" }));
    let receiver = crate::receiver::Receiver::listen();
    let posts = [
        (AGENTS.to_owned(), json!({ "name": "B" })),
        (format!("{AGENTS}/bulk"), json!({ "agents": [{ "name": "C" }] })),
        (format!("{AGENTS}/{agent}/knowledge"), json!({ "content": "Something." })),
        ("/api/v1/knowledge/bulk".to_owned(), json!({ "content": "Something.", "agent_ids": [agent] })),
        ("/api/v1/webhooks".to_owned(), json!({ "url": receiver.url(), "events": ["lead.captured"] })),
    ];
    for (number, (path, body)) in posts.iter().enumerate() {
        let key = format!("key-{number}");
        let first = keyed(&server, &key, path, body);
        let again = keyed(&server, &key, path, body);
        assert_eq!((first.status, &first.text), (again.status, &again.text), "{path}");
        assert!(first.status < 300 && again.header("idempotent-replayed") == "true", "{path}");
    }
    let counts = ["agents", "knowledge", "webhooks"].map(|table| server.count(&format!("SELECT count(*) FROM {table}")));
    assert_eq!((counts, receiver.challenges().len()), ([3, 2, 1], 1));
}
