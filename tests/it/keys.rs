//! API keys: who is let in, and to what.

use chatforge::auth::key;
use chatforge::domain::account::Permission;
use chatforge::world::World;
use serde_json::json;

use crate::http::raw;
use crate::routes::{self, Ids};
use crate::server::Span::Minutes;
use crate::server::TestServer;

#[test]
fn b01_whatever_is_wrong_with_a_key_is_answered_alike() {
    let server = TestServer::start();
    let client = server.client();
    let with = |value: &str| client.with("authorization", value).get("/api/v1/me");
    let unknown = key::generate(&World::machine(0));
    let mut mistyped = server.key.clone();
    mistyped.replace_range(10..11, if &mistyped[10..11] == "a" { "b" } else { "a" });
    let twice = format!("Bearer {}, Bearer {}", server.key, server.key);
    let refused = [
        client.get("/api/v1/me"),
        with("Bearer"),
        with("Bearer "),
        with("Basic b3duZXI6cGFzc3dvcmQ="),
        with(&server.key),
        with("Bearer cfk_your_api_key"),
        with(&format!("Bearer {unknown}")),
        with(&format!("Bearer {mistyped}")),
        with(&twice),
        client.get(&format!("/api/v1/me?api_key={}", server.key)),
    ];
    for reply in refused {
        let reply = reply.fails(401, "unauthorized");
        assert_eq!(reply.text, client.get("/api/v1/me").text);
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
    let header = format!("Authorization: Bearer {}\r\n", server.key);
    let doubled =
        raw(&server.base, format!("GET /api/v1/me HTTP/1.1\r\nHost: x\r\n{header}{header}Connection: close\r\n\r\n").as_bytes());
    assert!(doubled.starts_with("HTTP/1.1 401 "), "{doubled}");
}

#[test]
fn b01_the_scheme_is_read_in_any_case() {
    let server = TestServer::start();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        server.client().with("authorization", &format!("{scheme} {}", server.key)).get("/api/v1/me").is(200);
    }
}

#[test]
fn b02_a_key_revoked_on_the_command_line_fails_on_the_next_request() {
    let server = TestServer::start();
    server.get("/api/v1/me").is(200);
    let listed = server.cli(&["key", "list"]).is(0).stdout;
    let id = listed.split('\t').next().unwrap();
    server.cli(&["key", "revoke", id]).is(0);
    server.get("/api/v1/me").fails(401, "unauthorized");
    server.cli(&["key", "revoke", id]).is(1);
    assert!(server.cli(&["key", "list"]).is(0).stdout.contains("\trevoked\t"));
}

#[test]
fn b05_a_key_does_what_it_is_permitted_and_nothing_else() {
    let server = TestServer::start();
    for permission in Permission::ALL {
        let api = server.sign_up(&format!("{}@example.com", permission.as_str().replace(':', "-")));
        let ids = Ids { agent: api.agent(&json!({ "name": "A" })), ..Ids::of_nothing() };
        let others = Permission::ALL.into_iter().filter(|other| *other != permission).collect::<Vec<_>>();
        let lacking = api.with_key(&server.create_key(&api, "Lacks it", &others));
        let having = api.with_key(&server.create_key(&api, "Has only it", &[permission]));
        for route in routes::all() {
            let Some(needed) = route.needs else { continue };
            let (refused, admitted) = if needed == permission { (&lacking, &having) } else { (&having, &lacking) };
            assert!(route.call(refused, &ids).fails(403, "forbidden").text.contains(needed.as_str()), "{}", route.path);
            assert_ne!(route.call(admitted, &ids).status, 403, "{} {}", route.method, route.path);
        }
    }
}

#[test]
fn b01_every_route_needs_a_key() {
    let server = TestServer::start_with(|config| config.accounts.failed_authentications_per_minute = 100);
    let ids = Ids { agent: server.agent(&json!({ "name": "A" })), ..Ids::of_nothing() };
    for route in routes::all() {
        route.call(&server.client(), &ids).fails(401, "unauthorized");
    }
    assert_eq!(server.get("/api/v1/agents").json["total"], 1);
}

#[test]
fn b06_an_account_has_five_active_keys_at_most() {
    let server = TestServer::start();
    for number in 2..=5 {
        server.create_key(&server, &format!("Key {number}"), &Permission::ALL);
    }
    let refused = server.cli(&["key", "create", "--name", "Sixth"]).is(1);
    assert!(refused.stderr.contains("5 active keys") && refused.stdout.is_empty(), "{refused:?}");
    let listed = server.cli(&["key", "list"]).is(0).stdout;
    assert_eq!(listed.lines().count(), 5);
    server.cli(&["key", "revoke", listed.split('\t').next().unwrap()]).is(0);
    server.cli(&["key", "create", "--name", "Sixth"]).is(0);
}

#[test]
fn b08_no_key_stands_in_the_data_folder() {
    let mut server = TestServer::start();
    let receiver = server.receiver();
    server.get("/api/v1/me").is(200);
    let (key, secret) = (server.key.clone(), receiver.secret.clone());
    server.stop();
    for entry in std::fs::read_dir(server.folder()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = if path.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        for secret in [&key, &secret] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{}", path.display());
        }
    }
}

#[test]
fn failed_authentications_are_limited_by_address() {
    let server = TestServer::start();
    let stranger = server.client().with("authorization", "Bearer cfk_wrong");
    for _ in 0..30 {
        stranger.get("/api/v1/me").fails(401, "unauthorized");
    }
    let limited = stranger.get("/api/v1/me").fails(429, "rate_limited");
    assert_eq!(limited.header("retry-after"), "60");
    server.get("/api/v1/me").fails(429, "rate_limited");
    server.pass(Minutes(1));
    server.get("/api/v1/me").is(200);
    stranger.get("/api/v1/me").fails(401, "unauthorized");
}
