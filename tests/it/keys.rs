//! API keys: who is let in, and to what.

use chatforge::auth::key;
use chatforge::domain::account::Permission;
use chatforge::world::World;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use crate::binary::Home;
use crate::http::raw;
use crate::receiver::Receiver;
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

/// What is kept for a repeated request holds a webhook's secret, too; and nothing of it may reach the log.
#[test]
fn b08_no_secret_stands_in_the_folder_or_the_log_of_a_running_server() {
    let home =
        Home::new("[server]\nlisten = \"127.0.0.1:0\"\n[log]\nlevel = \"debug\"\n[testing]\nallow_private_addresses = true\n");
    let server = home.serve();
    let api = home.sign_up(&server).with("idempotency-key", "one");
    let receiver = Receiver::listen();
    let body = json!({ "url": receiver.url(), "events": ["lead.captured"] });
    let created = api.post("/api/v1/webhooks", &body).is(201);
    let rotate = format!("/api/v1/webhooks/{}/rotate", created.id());
    let rotated = api.with("idempotency-key", "two").post(&rotate, &json!({})).is(200);
    assert_eq!(api.post("/api/v1/webhooks", &body).is(201).json["secret"], created.json["secret"]);
    let key = api.sent("authorization").trim_start_matches("Bearer ").to_owned();
    let secrets = [key, "whsec_".into(), created.json["secret"].as_str().unwrap()[6..].into()];
    let secrets = secrets.into_iter().chain([rotated.json["secret"].as_str().unwrap()[6..].to_owned()]);
    let files = std::fs::read_dir(home.data()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let files: Vec<_> = files.chain([home.path().join("serve.log")]).collect();
    assert!(files.iter().any(|path| path.ends_with("chatforge.db-wal")), "{files:?}");
    for secret in secrets {
        for path in &files {
            let bytes = std::fs::read(path).unwrap();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} in {}", path.display());
        }
    }
}

/// Without the table of keys, whatever looks for one fails; what is no key at all is refused all the same.
#[test]
fn b07_b09_a_key_that_is_nearly_right_is_refused_without_a_look_into_the_database() {
    let server = TestServer::start();
    let file = server.folder().join("chatforge.db");
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    db.execute_batch("ALTER TABLE api_keys RENAME TO hidden").unwrap();
    let me = |key: &str| server.with_key(key).get("/api/v1/me");
    for same in [0, 20, 37, 41] {
        let tail: String = server.key[same..].chars().map(|c| if c == 'a' { 'b' } else { 'a' }).collect();
        me(&format!("{}{tail}", &server.key[..same])).fails(401, "unauthorized");
    }
    me(&server.key).fails(500, "internal_error");
    me(&key::generate(&World::machine(0))).fails(500, "internal_error");
    db.execute_batch("ALTER TABLE hidden RENAME TO api_keys").unwrap();
    me(&server.key).is(200);
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
    // Whoever shares the address and has a good key is not made to wait.
    server.get("/api/v1/me").is(200);
    server.pass(Minutes(1));
    stranger.get("/api/v1/me").fails(401, "unauthorized");
}
