//! A new master key: everything sealed moves to it, at once or not at all.

use std::fs;

use serde_json::json;

use crate::binary::{Binary, Home, register};
use crate::http::Client;
use crate::receiver::{Proof, Receiver};
use crate::visitor::Visitor;
use crate::webhooks::verify;

const CONFIG: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[testing]\nallow_private_addresses = true\n";

struct Started {
    home: Home,
    api: Client,
    server: Binary,
    receiver: Receiver,
    agent: String,
}

fn start() -> Started {
    let home = Home::new(CONFIG);
    let server = home.serve();
    let api = home.sign_up(&server);
    let mut receiver = Receiver::listen();
    receiver.secret = register(&api, &receiver.url(), &["lead.captured"])["secret"].as_str().unwrap().into();
    let agent = api.post("/api/v1/agents", &json!({ "name": "A" })).is(201).id();
    Started { home, api, server, receiver, agent }
}

fn tells(server: &Binary, agent: &str, receiver: &Receiver) {
    Visitor::open(&server.client(), json!({ "agent_id": agent })).lead(&json!({ "email": "jane@example.com" })).is(201);
    verify(&receiver.next(), &receiver.secret);
}

#[test]
fn secrets_and_kept_answers_outlive_a_new_master_key() {
    let Started { home, api, server, receiver, agent } = start();
    let other = Receiver::listen();
    let body = json!({ "url": other.url(), "events": ["lead.captured"] });
    let first = api.with("idempotency-key", "k").post("/api/v1/webhooks", &body).is(201).json;
    let key = || fs::read(home.data().join("master.key")).unwrap();
    let before = key();
    let refused = home.run(&["rekey"]).is(2);
    assert!(refused.stderr.contains("another ChatForge"), "{}", refused.stderr);
    assert_eq!(key(), before);
    assert_eq!(server.terminate(), 0);
    let done = home.run(&["rekey"]).is(0);
    assert!(done.stderr.contains("Re-encrypted secrets: 3"), "{}", done.stderr);
    assert_ne!(key(), before);
    assert!(!home.data().join("master.key.next").exists());
    let server = home.serve();
    tells(&server, &agent, &receiver);
    other.prove_with(Proof::Wrong);
    let again = api.at(&server.url).with("idempotency-key", "k").post("/api/v1/webhooks", &body).is(201);
    assert_eq!((&again.json, again.header("idempotent-replayed")), (&first, "true"));
    assert_eq!(server.terminate(), 0);
    // The earlier key opens nothing any more, and the server says so before it serves.
    fs::write(home.data().join("master.key"), before).unwrap();
    let refused = home.run(&["serve"]).is(1);
    assert!(refused.stderr.contains("is not the key"), "{}", refused.stderr);
}

#[test]
fn a_change_of_keys_that_broke_off_is_settled_at_the_next_start() {
    let Started { home, server, receiver, agent, .. } = start();
    assert_eq!(server.terminate(), 0);
    let (key, next) = (home.data().join("master.key"), home.data().join("master.key.next"));
    let old = fs::read(&key).unwrap();
    // Before anything was moved.
    fs::write(&next, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    let server = home.serve();
    tells(&server, &agent, &receiver);
    assert!(!next.exists());
    assert_eq!((server.terminate(), fs::read(&key).unwrap()), (0, old.clone()));
    // After everything was.
    home.run(&["rekey"]).is(0);
    let new = fs::read(&key).unwrap();
    fs::rename(&key, &next).unwrap();
    fs::write(&key, old).unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let server = home.serve();
    tells(&server, &agent, &receiver);
    assert!(!next.exists());
    assert_eq!((server.terminate(), fs::read(&key).unwrap()), (0, new));
}
