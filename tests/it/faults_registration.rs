//! Addresses that must not become webhooks: those that lead inside, and those that do not prove themselves.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use serde_json::json;

use crate::http::Reply;
use crate::receiver::{Answer, Proof, Receiver};
use crate::server::{Api, Span, TestServer};
use crate::webhooks::{WEBHOOKS, send_lead, wait_for_tries, with_agent};

fn register(api: &Api, url: &str) -> Reply {
    api.post(WEBHOOKS, &json!({ "url": url, "events": ["lead.captured"] }))
}

/// Something inside, on every address of this machine; it accepts nobody by itself, so who came is seen.
struct Inside(TcpListener);

impl Inside {
    fn listen() -> Self {
        // Without IPv6 there is nothing to be reached by it.
        let listener = TcpListener::bind("[::]:0").or_else(|_| TcpListener::bind("0.0.0.0:0")).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    #[track_caller]
    fn was_not_called(&self) {
        assert_eq!(self.0.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        // Or the wall would be that nobody can call it.
        let _caller = TcpStream::connect(("127.0.0.2", self.port())).unwrap();
        assert!(self.0.accept().is_ok());
    }
}

/// Refused in words that do not tell an address inside from one that leads nowhere.
#[track_caller]
fn refused(server: &TestServer, urls: &[String]) {
    for url in urls {
        let reply = register(server, url).is(422);
        let generic = "The URL did not confirm the challenge: its host has no address on the public internet.";
        match reply.code() {
            "validation_error" => assert_eq!(reply.refused(), ["url"], "{url}"),
            code => {
                assert_eq!((code, &reply.json["error"]["message"]), ("webhook_verification_failed", &json!(generic)), "{url}")
            }
        }
    }
    assert_eq!(server.count("SELECT count(*) FROM webhooks"), 0);
}

fn closed_server() -> TestServer {
    TestServer::start_with(|config| config.testing.allow_private_addresses = false)
}

fn https(hosts: &str, port: u16) -> Vec<String> {
    hosts.split_whitespace().map(|host| format!("https://{host}:{port}/")).collect()
}

#[test]
fn d01_only_https_is_spoken() {
    let (server, inside) = (closed_server(), Inside::listen());
    let port = inside.port();
    let mut urls =
        vec![format!("http://127.0.0.1:{port}/"), format!("http://example.com:{port}/"), format!("//127.0.0.1:{port}/")];
    urls.extend([format!("ftp://127.0.0.1:{port}/"), format!("gopher://127.0.0.1:{port}/")]);
    urls.extend(["file:///etc/passwd", "javascript:alert(1)", "example.com", ""].map(str::to_owned));
    refused(&server, &urls);
    inside.was_not_called();
}

#[test]
fn d02_ipv4_inside_is_refused_in_every_spelling() {
    let (server, inside) = (closed_server(), Inside::listen());
    let hosts = "127.0.0.2 127.1 2130706434 0x7f000002 0177.0.0.2 0 ①②⑦.0.0.2";
    refused(&server, &https(hosts, inside.port()));
    inside.was_not_called();
}

#[test]
fn d03_ipv6_inside_is_refused_in_every_spelling() {
    let (server, inside) = (closed_server(), Inside::listen());
    let hosts = "[::1] [::] [::ffff:127.0.0.2] [::127.0.0.2] [0:0:0:0:0:ffff:7f00:2] [fe80::1] [febf::1] [fd00:ec2::254] \
                 [64:ff9b::a9fe:a9fe] [64:ff9b:1::1] [2002:7f00:2::] [2001:0:4136:e378::1] [ff02::1] [5f00::1] [100::1]";
    refused(&server, &https(hosts, inside.port()));
    inside.was_not_called();
}

#[test]
fn d04_networks_that_are_not_the_internet_are_refused() {
    let server = closed_server();
    let hosts = "169.254.169.254 100.100.100.200 192.0.0.192 metadata.google.internal 10.0.0.1 172.16.0.1 172.31.255.255 \
                 192.168.0.1 100.64.0.1 198.18.0.1 224.0.0.1 255.255.255.255 0.0.0.0";
    refused(&server, &https(hosts, 443));
}

#[test]
fn d05_names_of_ones_own_network_are_refused() {
    let (server, inside) = (closed_server(), Inside::listen());
    let port = inside.port();
    let mut urls = https("localhost LOCALHOST. a.localhost x.local user:pw@ok.test ok.test@127.0.0.2", port);
    urls.extend([format!("https://ok.test#@127.0.0.2:{port}/"), format!("https://ok.test\\@127.0.0.2:{port}/")]);
    refused(&server, &urls);
    inside.was_not_called();
}

#[test]
fn d05_the_server_itself_is_refused() {
    let server = TestServer::start_with(|config| {
        config.testing.allow_private_addresses = false;
        config.server.public_url = "https://chat.example.com".into();
    });
    for itself in ["https://chat.example.com/api", "https://CHAT.example.com.:443/"] {
        let reply = register(&server, itself).fails(422, "validation_error");
        assert!(reply.text.contains("must not point to this server"), "{}", reply.text);
    }
    // The same without a public name.
    let private = TestServer::start();
    let reply = register(&private, &format!("{}/hook", private.base)).fails(422, "validation_error");
    assert_eq!(reply.refused(), ["url"]);
}

#[test]
fn d06_ports_of_other_services_are_refused() {
    let server = closed_server();
    for port in ["0", "1", "22", "25", "80", "1023", "65536", "-1", "x"] {
        let reply = register(&server, &format!("https://192.0.2.1:{port}/")).fails(422, "validation_error");
        assert_eq!(reply.refused(), ["url"], "{port}");
    }
    // Ports that programs of one's own use are open, where the address is.
    refused(&server, &https("127.0.0.1", 6379));
    assert_eq!(register(&server, "https://127.0.0.1:6379/").code(), "webhook_verification_failed");
}

#[test]
fn d09_a_redirect_is_not_followed() {
    let (server, agent) = with_agent();
    let moved = Receiver::listen();
    moved.prove_with(Proof::Redirect);
    register(&server, &moved.url()).fails(422, "webhook_verification_failed");
    assert_eq!(moved.accepted(), 1);
    let receiver = Receiver::listen();
    let id = register(&server, &receiver.url()).is(201).id();
    receiver.script(&[Answer::Redirect]);
    send_lead(&server, &agent);
    wait_for_tries(&server, 1);
    let listed = server.get(&format!("{WEBHOOKS}/{id}/deliveries")).is(200).json;
    let delivery = &listed["deliveries"][0];
    assert_eq!((&delivery["status"], &delivery["attempts"][0]["response_status"]), (&json!("pending"), &json!(302)));
    assert_eq!(receiver.accepted(), 2, "the challenge and one try");
}

/// Answers with the alert `protocol_version`; certificates are looked at in the unit tests of the way out.
#[test]
fn d11_an_endpoint_whose_tls_is_too_old_is_not_registered() {
    let server = TestServer::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let old = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(&[21, 3, 2, 0, 2, 2, 70]).unwrap();
    });
    let reply = register(&server, &url).fails(422, "webhook_verification_failed");
    assert!(reply.text.contains("it did not send it back within 10 seconds"), "{}", reply.text);
    old.join().unwrap();
}

/// What a search for open ports would be made of.
#[test]
fn d18_on_other_ports_than_443_nobody_learns_what_listens_there() {
    let server = TestServer::start();
    let mut texts = std::collections::BTreeSet::new();
    let mut register = |url: &str| {
        let reply = register(&server, url).fails(422, "webhook_verification_failed");
        texts.insert(reply.json["error"]["message"].as_str().unwrap().to_owned());
    };
    for proof in [Proof::Wrong, Proof::Empty, Proof::Status(500), Proof::Status(404), Proof::Redirect, Proof::HangUp] {
        let receiver = Receiver::listen();
        receiver.prove_with(proof);
        register(&receiver.url());
        // It speaks no TLS.
        register(&receiver.url().replace("http://", "https://"));
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    register(&format!("http://{closed}/"));
    register(&format!("https://{closed}/"));
    assert_eq!(texts.len(), 1, "{texts:?}");
}

#[test]
fn d18_an_account_knocks_at_few_ports_of_a_host() {
    let server = closed_server();
    let register = |api: &Api, url: &str| register(api, url).status;
    let ports = |api: &Api, host: &str| [2001, 2002, 2003, 2004].map(|port| register(api, &format!("https://{host}:{port}/")));
    assert_eq!(ports(&server, "192.0.2.1"), [422, 422, 422, 429]);
    // Another spelling is no other host; a known port, port 443, another host and another account are something else.
    assert_eq!(register(&server, "https://0xC0000201:2005/x"), 429);
    assert_eq!(
        ["https://192.0.2.1:2002/again", "https://192.0.2.1/", "https://192.0.2.2:2004/"].map(|url| register(&server, url)),
        [422; 3]
    );
    assert_eq!(ports(&server.sign_up("other@example.com"), "192.0.2.1"), [422, 422, 422, 429]);
    server.pass(Span::Minutes(60));
    assert_eq!(register(&server, "https://192.0.2.1:2004/"), 422);
    assert_eq!(server.count("SELECT count(*) FROM webhooks"), 0);
}

#[test]
fn d06_what_an_operator_opened_is_open_on_every_port_and_nothing_else_is() {
    let server = TestServer::start_with(|config| {
        config.testing.allow_private_addresses = false;
        config.webhooks.allow_http = true;
        config.webhooks.allow_addresses = vec!["127.0.0.1/32".into()];
    });
    let text = |url: &str| {
        let reply = register(&server, url).fails(422, "webhook_verification_failed");
        reply.json["error"]["message"].as_str().unwrap().to_owned()
    };
    let (nowhere, tried) = ("no address where this port is allowed", "it did not send it back");
    assert!(text("https://127.0.0.1:1/").contains(tried));
    for closed in
        ["https://8.8.8.8:25/", "https://127.0.0.2:25/", "https://[2606:4700::1111]:22/", "https://does-not-exist.invalid:25/"]
    {
        assert!(text(closed).contains(nowhere), "{closed}: {}", text(closed));
    }
}

#[test]
fn d12_a_name_that_leads_nowhere_is_refused() {
    let server = TestServer::start();
    let reply = register(&server, "https://does-not-exist.invalid/").fails(422, "webhook_verification_failed");
    assert!(reply.text.contains("its host has no address on the public internet"), "{}", reply.text);
}

#[test]
fn d13_d16_an_address_that_does_not_prove_itself_is_not_registered() {
    let (server, _) = with_agent();
    let unproven = [
        Proof::Wrong,
        Proof::Empty,
        Proof::Blank,
        Proof::Echo,
        Proof::Nested,
        Proof::Huge,
        Proof::Status(500),
        Proof::Status(404),
        Proof::Redirect,
        Proof::HangUp,
    ];
    let known = server.receiver();
    let before = server.get(WEBHOOKS).is(200).json;
    for proof in unproven {
        let receiver = Receiver::listen();
        receiver.prove_with(proof);
        let refused = register(&server, &receiver.url()).fails(422, "webhook_verification_failed");
        assert!(!refused.text.contains("whsec_") && !refused.text.contains("secret"), "{}", refused.text);
        assert_eq!(receiver.accepted(), 1, "a redirect is not followed, a failure not repeated");
    }
    register(&server, "http://127.0.0.1:1/").fails(422, "webhook_verification_failed");
    assert_eq!(server.get(WEBHOOKS).is(200).json, before);
    assert_eq!((known.challenges().len(), server.count("SELECT count(*) FROM webhooks")), (1, 1));
}

#[test]
fn d13_the_challenge_of_an_earlier_registration_proves_nothing() {
    let server = TestServer::start();
    let receiver = Receiver::listen();
    let body = |event: &str| json!({ "url": receiver.url(), "events": [event] });
    server.post(WEBHOOKS, &body("lead.captured")).is(201);
    receiver.prove_with(Proof::Replay);
    server.post(WEBHOOKS, &body("agent.installed")).fails(422, "webhook_verification_failed");
    let asked = receiver.challenges();
    assert_eq!(asked.len(), 2);
    assert_ne!(asked[0].json["challenge"], asked[1].json["challenge"]);
    receiver.prove_with(Proof::Plain);
    server.post(WEBHOOKS, &body("agent.installed")).is(201);
}

/// One says nothing, the other half of the challenge. The two wait at the same time.
#[test]
fn d13_e04_an_address_that_never_ends_its_answer_is_given_up_after_ten_seconds() {
    let server = TestServer::start();
    let silent = [Proof::Silence, Proof::Half].map(|proof| {
        let receiver = Receiver::listen();
        receiver.prove_with(proof);
        receiver
    });
    let started = std::time::Instant::now();
    thread::scope(|scope| {
        for url in silent.iter().map(Receiver::url) {
            let api: &Api = &server;
            scope.spawn(move || register(api, &url).fails(422, "webhook_verification_failed"));
        }
    });
    let waited = started.elapsed().as_secs_f32();
    assert!((10.0..12.0).contains(&waited), "{waited}");
    assert_eq!(server.count("SELECT count(*) FROM webhooks"), 0);
}

#[test]
fn d14_no_more_than_eight_addresses_are_asked_at_once() {
    let (server, agent) = with_agent();
    let hanging = Receiver::listen();
    hanging.prove_with(Proof::Silence);
    let (done, replies) = mpsc::channel();
    for _ in 0..50 {
        let (api, url, done) = ((*server).clone(), hanging.url(), done.clone());
        thread::spawn(move || {
            // Nobody is there to hear it once the test has failed.
            let _ = done.send(register(&api, &url));
        });
    }
    // While eight wait, the others have their answer.
    for reply in replies.iter().take(42) {
        let busy = reply.fails(503, "service_unavailable");
        assert!(busy.number("retry-after") > 0);
    }
    server.get(&format!("/api/v1/agents/{agent}")).is(200);
    hanging.hang_up(8);
    for reply in replies.iter().take(8) {
        reply.fails(422, "webhook_verification_failed");
    }
    assert_eq!((hanging.challenges().len(), hanging.accepted()), (8, 8));
    assert_eq!(server.get(WEBHOOKS).json["total"], 0);
    hanging.prove_with(Proof::Plain);
    register(&server, &hanging.url()).is(201);
}
