//! `Idempotency-Key`: a request that is sent again takes effect once.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Barrier;
use std::thread;

use serde_json::json;

use crate::binary::Home;
use crate::http::{Client, Reply, raw};
use crate::receiver::Receiver;
use crate::server::Span::Hours;
use crate::server::{TestServer, open_database, until};

const AGENTS: &str = "/api/v1/agents";

fn keyed(api: &Client, key: &str, path: &str, body: &serde_json::Value) -> Reply {
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
    let (barrier, api) = (Barrier::new(50), (*server).clone());
    let replies: Vec<Reply> = thread::scope(|scope| {
        let one = || {
            barrier.wait();
            keyed(&api, "one", AGENTS, &json!({ "name": "A" }))
        };
        let threads: Vec<_> = (0..50).map(|_| scope.spawn(one)).collect();
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
fn c12_a_key_with_bytes_that_no_text_has_is_a_bad_request() {
    let server = TestServer::start();
    for wrong in [b"a\0b".as_slice(), "schlüssel".as_bytes(), b"a\x7fb", b"\xff"] {
        let head = format!("POST {AGENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nIdempotency-Key: ", server.key);
        let rest = "\r\nContent-Type: application/json\r\nContent-Length: 12\r\nConnection: close\r\n\r\n{\"name\":\"A\"}";
        let answer = raw(&server.base, &[head.as_bytes(), wrong, rest.as_bytes()].concat());
        assert!(answer.starts_with("HTTP/1.1 400 "), "{wrong:?}: {answer}");
    }
    assert_eq!(server.count("SELECT count(*) FROM agents"), 0);
}

#[test]
fn c13_what_was_refused_can_be_put_right() {
    let server = TestServer::start();
    keyed(&server, "one", AGENTS, &json!({})).fails(400, "bad_request");
    keyed(&server, "one", "/api/v1/agents/agt_a1b2c3d4e5/knowledge", &json!({ "content": "x" })).fails(404, "agent_not_found");
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
    let receiver = Receiver::listen();
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

/// What tries a webhook out, sends again, or draws a secret does so once, too.
#[test]
fn every_post_to_a_webhook_takes_effect_once() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A" }));
    let receiver = server.receiver();
    server.visitor(&agent);
    let delivery = receiver.next().header("x-chatforge-delivery").to_owned();
    let state = "SELECT count(*) FROM deliveries WHERE state = 'delivered'";
    until("the delivery", || Some(()).filter(|()| server.count(state) == 1));
    let webhook = format!("/api/v1/webhooks/{}", receiver.id);
    for (number, action) in ["test", &format!("deliveries/{delivery}/retry"), "rotate"].into_iter().enumerate() {
        let (key, path) = (format!("key-{number}"), format!("{webhook}/{action}"));
        let first = keyed(&server, &key, &path, &json!({}));
        let again = keyed(&server, &key, &path, &json!({}));
        assert_eq!((first.status, &first.text), (again.status, &again.text), "{path}");
        assert!(first.status < 300 && again.header("idempotent-replayed") == "true", "{path}");
    }
    let tries = "SELECT count(*) FROM delivery_attempts";
    until("one try more of each", || Some(()).filter(|()| server.count(tries) == 3));
    assert_eq!(server.count("SELECT count(*) FROM deliveries"), 2);
}

#[test]
fn only_posts_heed_a_key() {
    let server = TestServer::start();
    let agent = format!("{AGENTS}/{}", server.agent(&json!({ "name": "A" })));
    for name in ["B", "C"] {
        assert_eq!(server.with("idempotency-key", "one").put(&agent, &json!({ "name": name })).is(200).json["name"], name);
    }
    assert_eq!(server.count("SELECT count(*) FROM idempotency_keys"), 0);
}

/// The request is on its way, or its effect already on the disk, when the process dies; the answer is never read.
#[test]
fn c11_a_request_whose_answer_was_lost_in_a_kill_takes_effect_once() {
    let home = Home::new("[server]\nlisten = \"127.0.0.1:0\"");
    let mut server = home.serve();
    let mut api = home.sign_up(&server);
    for round in 0..4 {
        let (name, committed) = (format!("Agent {round}"), round % 2 == 0);
        let body = json!({ "name": name });
        let named = || {
            let count = "SELECT count(*) FROM agents WHERE name = ?1";
            open_database(&home.data()).query_row(count, [&name], |row| row.get::<_, i64>(0)).unwrap()
        };
        let _unread = send_and_leave(&api, &name, &body.to_string());
        if committed {
            until("the commit", || Some(()).filter(|()| named() == 1));
        }
        server.kill();
        server = home.serve();
        api = api.at(&server.url);
        let reply = keyed(&api, &name, AGENTS, &body).is(201);
        assert!(!committed || reply.header("idempotent-replayed") == "true");
        assert_eq!(named(), 1);
        assert_eq!(api.get(&format!("{AGENTS}/{}", reply.id())).is(200).json["name"], name.as_str());
    }
}

/// Sends a request with a key, and leaves its answer unread.
fn send_and_leave(api: &Client, key: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(api.base.trim_start_matches("http://")).unwrap();
    let (authorization, length) = (api.sent("authorization"), body.len());
    let head = format!("POST {AGENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nIdempotency-Key: {key}");
    let request = format!("{head}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).unwrap();
    stream
}
