//! What a stranger, or a key that may do little, can take of the server: memory, time, answers meant for others.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chatforge::domain::account::Permission;
use serde_json::{Value, json};

use crate::binary::{Binary, Home};
use crate::browser::{between, signed_in};
use crate::http::Client;
use crate::receiver::Receiver;
use crate::routes::{self, Ids};
use crate::server::TestServer;

const AGENTS: &str = "/api/v1/agents";
const BULK: &str = "/api/v1/agents/bulk";
/// In debug builds and beside other tests a machine is slow; in a release build it is a tenth of this.
const HEALTHZ_LIMIT: Duration = Duration::from_secs(2);

/// What a process holds in memory, in megabytes, or held at most.
fn memory_mb(binary: &Binary, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", binary.pid())).unwrap();
    let found = status.lines().find_map(|text| text.strip_prefix(line)).unwrap();
    found.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// Set when it goes, by a panic as well: whoever looks at it ends with the test, which tells then what failed.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The slowest answer of `/healthz` while `work` is done.
fn slowest_healthz(client: &Client, work: impl FnOnce() + Send) -> Duration {
    let (done, slowest) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let _done = Done(&done);
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let asked = Instant::now();
                client.get("/healthz").is(200);
                slowest.fetch_max(u64::try_from(asked.elapsed().as_millis()).unwrap(), Ordering::Relaxed);
            }
        });
        work();
    });
    Duration::from_millis(slowest.into_inner())
}

#[test]
fn l01_wrong_sign_ins_leave_memory_as_it_was() {
    let home = Home::new("[server]\nlisten = \"127.0.0.1:0\"\ntrusted_proxies = [\"127.0.0.1\"]\n");
    let binary = home.serve();
    home.sign_up(&binary);
    let client = binary.client();
    let before = memory_mb(&binary, "VmRSS");
    let sign_in = |number: usize| {
        let client = client.with("x-forwarded-for", &format!("198.18.{number}.1"));
        let page = client.get("/login").is(200).text;
        let csrf = between(&page, "name=\"csrf\" value=\"", "\"").unwrap();
        let email = format!("nobody{number}@example.com");
        client.form("/login", &[("csrf", csrf), ("email", &email), ("password", "wrong but long")]).is(401);
    };
    let slowest = slowest_healthz(&client, || {
        thread::scope(|scope| {
            for part in 0..4 {
                scope.spawn(move || (0..12).for_each(|number| sign_in(part * 12 + number)));
            }
        });
    });
    assert!(slowest < HEALTHZ_LIMIT, "{slowest:?}");
    // The last hash's memory goes when nobody waits for another one.
    crate::server::until("memory to come back", || (memory_mb(&binary, "VmRSS") < before + 15).then_some(()));
    assert!(memory_mb(&binary, "VmHWM") < before + 60, "{} MB at most", memory_mb(&binary, "VmHWM"));
}

#[test]
fn l02_a_body_of_a_million_values_is_refused_and_costs_little() {
    let home = Home::new("[server]\nlisten = \"127.0.0.1:0\"\n");
    let binary = home.serve();
    let api = home.sign_up(&binary);
    let before = memory_mb(&binary, "VmRSS");
    for item in ["0", "{\"\":0}", "[]", "\"\"", "{\"a\":[{}]}"] {
        let body = format!("{{\"agents\":[{}0]}}", format!("{item},").repeat(1_000_000));
        let slowest = slowest_healthz(&api, || {
            let refused = api.json("POST", BULK, body.as_bytes());
            assert!(refused.fails(422, "validation_error").text.contains("50000 values"));
        });
        assert!(slowest < HEALTHZ_LIMIT, "{slowest:?}");
    }
    let (most, after) = (memory_mb(&binary, "VmHWM"), memory_mb(&binary, "VmRSS"));
    assert!(most < before + 100 && after < before + 30, "{before} MB before, {most} at most, {after} after");
}

#[test]
fn l02_many_large_bodies_at_once_are_taken_apart_a_few_at_a_time() {
    let home = Home::new("[server]\nlisten = \"127.0.0.1:0\"\n");
    let binary = home.serve();
    let api = home.sign_up(&binary);
    let before = memory_mb(&binary, "VmRSS");
    let body = format!("{{\"agents\":[{}0]}}", "{\"\":0},".repeat(1_500_000));
    let slowest = slowest_healthz(&api, || {
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let status = api.json("POST", BULK, body.as_bytes()).status;
                    assert!(matches!(status, 422 | 503), "{status}");
                });
            }
        });
    });
    assert!(slowest < HEALTHZ_LIMIT, "{slowest:?}");
    let most = memory_mb(&binary, "VmHWM");
    assert!(most < before + 130, "{before} MB before, {most} at most");
}

#[test]
fn l02_a_form_of_countless_fields_is_refused() {
    let (server, browser) = signed_in();
    let form = browser.client.with("content-type", "application/x-www-form-urlencoded");
    for body in ["a&".repeat(400_000), "a=1&".repeat(200_000), "&a".repeat(1_001)] {
        form.send("POST", "/agents/import", Some(body.as_bytes())).is(422);
        form.send("POST", "/settings", Some(body.as_bytes())).is(422);
    }
    server.client().get("/healthz").is(200);
}

#[test]
fn l03_a_key_that_may_not_is_refused_before_a_byte_of_the_body_is_read() {
    let server = TestServer::start();
    let ids = Ids { agent: server.agent(&json!({ "name": "A" })), ..Ids::of_nothing() };
    for (number, route) in routes::all().into_iter().enumerate() {
        let (Some(needed), false) = (route.needs, route.method == "GET") else { continue };
        let others: Vec<_> = Permission::ALL.into_iter().filter(|other| *other != needed).collect();
        let account = server.sign_up(&format!("owner{number}@example.com"));
        let lacking = server.create_key(&account, "Lacks it", &others);
        let mut stream = TcpStream::connect(server.client().base().trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let (method, path) = (route.method, ids.path_of(route.path));
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {lacking}\r\nIdempotency-Key: one\r\n\
             Content-Type: application/json\r\nContent-Length: 15000000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 403", "{method} {path}");
    }
}

#[test]
fn l03_a_refused_client_that_goes_on_writing_sees_the_refusal() {
    let server = TestServer::start();
    let narrow = server.with_key(&server.create_key(&server, "Reads", &[Permission::LeadsRead]));
    let body = vec![b' '; 10_000_000];
    narrow.json("POST", BULK, &body).fails(403, "forbidden");
    server.client().with("authorization", "Bearer none").json("POST", BULK, &body).fails(401, "unauthorized");
    server.json("POST", AGENTS, &body).fails(413, "payload_too_large");
}

#[test]
fn l04_an_answer_is_kept_for_the_key_that_asked_for_it() {
    let server = TestServer::start();
    let receiver = Receiver::listen();
    let body = json!({ "url": receiver.url(), "events": ["lead.captured"] });
    let ask = |api: &Client, body: &Value| api.with("idempotency-key", "hook-1").post("/api/v1/webhooks", body);
    let first = ask(&server, &body).is(201);
    let narrow = server.with_key(&server.create_key(&server, "Reads", &[Permission::AgentsRead]));
    let refused = ask(&narrow, &body).fails(403, "forbidden");
    assert!(!refused.text.contains("whsec_") && refused.header("idempotent-replayed").is_empty());
    // One that may gets an answer of its own.
    let other = server.with_key(&server.create_key(&server, "Other", &Permission::ALL));
    let second = Receiver::listen();
    let others_body = json!({ "url": second.url(), "events": ["lead.captured"] });
    let own = ask(&other, &others_body).is(201);
    assert_ne!((&own.json["id"], &own.json["secret"]), (&first.json["id"], &first.json["secret"]));
    assert_eq!(ask(&server, &body).is(201).json, first.json);
    assert_eq!(ask(&other, &others_body).is(201).json, own.json);
    // What the key may no longer do, it is no longer told.
    server.database_to_fill().execute("UPDATE api_keys SET permissions = 'agents:read'", []).unwrap();
    ask(&server, &body).fails(403, "forbidden");
}

#[test]
fn l05_stripes_address_reads_nothing_of_who_does_not_sign() {
    for secrets in [&[][..], &["whsec_test"]] {
        let expected = if secrets.is_empty() { "HTTP/1.1 404" } else { "HTTP/1.1 400" };
        let server = TestServer::start_with(|config| config.stripe = config.stripe.clone().with_secrets(secrets));
        let mut stream = TcpStream::connect(server.client().base().trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(b"POST /hooks/stripe HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n").unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), expected);
    }
}
