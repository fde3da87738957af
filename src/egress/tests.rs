//! The way out against servers on this machine that misbehave.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, thread};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::egress::guard::Policy;
use crate::egress::{Egress, Failure, Outcome, Request};

/// A server that gives every connection to `serve`, with the request it sent.
struct Stub {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

impl Stub {
    fn start(serve: impl Fn(TcpStream, String) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stub = Self { address: listener.local_addr().unwrap(), accepted: Arc::default() };
        let accepted = stub.accepted.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                accepted.fetch_add(1, Ordering::SeqCst);
                let serve = serve.clone();
                thread::spawn(move || {
                    let request = receive(&mut stream);
                    serve(stream, request);
                });
            }
        });
        stub
    }

    fn answering(answer: &'static str) -> Self {
        Self::start(move |mut stream, _| drop(stream.write_all(answer.as_bytes())))
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// The head and, as far as its length tells, the body.
fn receive(stream: &mut TcpStream) -> String {
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while !text.ends_with("{}") {
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => text.push_str(&String::from_utf8_lossy(&buffer[..count])),
            _ => break,
        }
    }
    text
}

fn open_policy() -> Policy {
    Policy { allow_http: true, allow_private: true, allow: Vec::new() }
}

fn post(url: &str) -> Outcome {
    post_within(url, 5_000)
}

fn post_within(url: &str, timeout_ms: u64) -> Outcome {
    let headers = [("content-type", "application/json".to_owned()), ("user-agent", "ChatForge-Webhooks/1".to_owned())];
    Egress::new(open_policy()).post(&Request { url, headers: &headers, body: b"{}", timeout_ms })
}

fn assert_failed(outcome: &Outcome, expected: Failure) {
    assert_eq!((outcome.status, outcome.error), (None, Some(expected)), "{outcome:?}");
}

#[test]
fn an_answer_is_read() {
    let stub = Stub::answering("HTTP/1.1 200 OK\r\nRetry-After: 7\r\nX-Kind: a\r\nContent-Length: 4\r\n\r\nbody");
    let outcome = post(&stub.url());
    assert_eq!((outcome.status, outcome.error, outcome.body.as_str()), (Some(200), None, "body"));
    assert_eq!(outcome.retry_after.as_deref(), Some("7"));
    assert!(outcome.headers.contains(&("x-kind".to_owned(), "a".to_owned())), "{outcome:?}");
    assert_eq!(outcome.remote, Some(stub.address.ip()));
    assert_eq!(stub.accepted(), 1);
}

#[test]
fn the_request_says_what_the_caller_said_and_little_else() {
    let (sender, requests) = std::sync::mpsc::channel();
    let stub = Stub::start(move |mut stream, request| {
        let _ = sender.send(request);
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
    });
    assert_eq!(post(&stub.url()).status, Some(204));
    let request = requests.recv_timeout(Duration::from_secs(5)).unwrap().to_lowercase();
    let mut lines: Vec<_> = request.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    let host = format!("host: {}", stub.address);
    let mut expected = [
        "accept: */*",
        "connection: close",
        "content-length: 2",
        "content-type: application/json",
        &host,
        "post /hook http/1.1",
        "user-agent: chatforge-webhooks/1",
        "{}",
    ];
    expected.sort_unstable();
    assert_eq!(lines, expected);
}

#[test]
fn an_error_status_is_an_answer() {
    let stub = Stub::answering("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops");
    let outcome = post(&stub.url());
    assert_eq!((outcome.status, outcome.error, outcome.body.as_str()), (Some(500), None, "oops"));
}

#[test]
fn a_redirect_is_an_answer_and_its_target_is_not_visited() {
    let target = Stub::answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret");
    for status in [301, 302, 303, 307, 308] {
        let url = target.url();
        let stub = Stub::start(move |mut stream, _| {
            let _ = write!(stream, "HTTP/1.1 {status} Moved\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n");
        });
        assert_eq!(post(&stub.url()).status, Some(status));
    }
    assert_eq!(target.accepted(), 0);
}

#[test]
fn an_endpoint_that_never_answers_times_out() {
    let stub = Stub::start(|stream, _| {
        thread::sleep(Duration::from_secs(5));
        drop(stream);
    });
    let outcome = post_within(&stub.url(), 300);
    assert_failed(&outcome, Failure::Timeout);
    assert!((300..4_000).contains(&outcome.duration_ms), "{outcome:?}");
}

#[test]
fn a_head_that_drips_times_out() {
    let stub = Stub::start(|mut stream, _| {
        for byte in b"HTTP/1.1 200 OK\r\nX-Long: ".iter().chain([b'a'; 400].iter()) {
            let _ = stream.write_all(&[*byte]);
            thread::sleep(Duration::from_millis(20));
        }
    });
    let outcome = post_within(&stub.url(), 400);
    assert_failed(&outcome, Failure::Timeout);
    assert!(outcome.duration_ms < 4_000, "{outcome:?}");
}

#[test]
fn a_status_counts_though_the_body_stalls() {
    let stub = Stub::start(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        thread::sleep(Duration::from_secs(5));
    });
    let outcome = post_within(&stub.url(), 400);
    assert_eq!((outcome.status, outcome.error, outcome.body.as_str()), (Some(200), None, "half"));
    assert!(outcome.duration_ms < 4_000, "{outcome:?}");
}

#[test]
fn an_endless_body_is_cut() {
    let stub = Stub::start(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 8192]).is_ok() {}
    });
    let outcome = post(&stub.url());
    assert_eq!((outcome.status, outcome.body.len()), (Some(200), 4096));
    assert!(outcome.duration_ms < 4_000, "{outcome:?}");
}

#[test]
fn a_compressed_body_stays_as_it_is() {
    let stub = Stub::start(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n\x1f\x8b\x08ab");
    });
    assert_eq!(post(&stub.url()).body, "\u{1f}\u{fffd}\u{8}ab");
}

#[test]
fn a_head_without_end_is_refused() {
    let endless = Stub::start(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"X-More: and more and more and more\r\n").is_ok() {}
    });
    assert_failed(&post(&endless.url()), Failure::Protocol);
    let one_line = Stub::start(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-Long: ");
        while stream.write_all(&[b'x'; 1024]).is_ok() {}
    });
    assert_failed(&post(&one_line.url()), Failure::Protocol);
}

#[test]
fn what_is_no_http_is_a_protocol_error() {
    assert_failed(&post(&Stub::answering("SSH-2.0-OpenSSH_9.2\r\n").url()), Failure::Protocol);
    assert_failed(&post(&Stub::answering("").url()), Failure::Protocol);
}

#[test]
fn a_closed_port_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_failed(&post(&format!("http://{address}/")), Failure::ConnectRefused);
}

#[test]
fn tls_with_a_server_that_speaks_none_fails_as_such() {
    let stub = Stub::start(|_, _| ());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    assert_failed(&post(&format!("https://{plain}/")), Failure::Tls);
    assert_failed(&post_within(&format!("https://{}/", stub.address), 300), Failure::Timeout);
}

#[test]
fn a_name_that_does_not_exist_is_a_dns_error() {
    assert_failed(&post("http://does-not-exist.invalid/"), Failure::Dns);
}

#[test]
fn addresses_of_ones_own_network_are_not_called() {
    let stub = Stub::answering("HTTP/1.1 200 OK\r\n\r\n");
    let port = stub.address.port();
    let closed = Egress::new(Policy { allow_http: true, ..Policy::default() });
    for host in ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{port}/");
        let outcome = closed.post(&Request { url: &url, headers: &[], body: b"{}", timeout_ms: 5_000 });
        assert_failed(&outcome, Failure::BlockedAddress);
        assert_eq!(outcome.remote, None);
    }
    assert_eq!(stub.accepted(), 0);
}

#[test]
fn plain_http_is_not_spoken_unless_allowed() {
    let stub = Stub::answering("HTTP/1.1 200 OK\r\n\r\n");
    let secure = Egress::new(Policy { allow_private: true, ..Policy::default() });
    let outcome = secure.post(&Request { url: &stub.url(), headers: &[], body: b"{}", timeout_ms: 5_000 });
    assert_failed(&outcome, Failure::BlockedAddress);
    assert_eq!(stub.accepted(), 0);
}

/// Gives the next of its answers at every lookup.
#[derive(Debug)]
struct Scripted(Vec<Vec<SocketAddr>>, AtomicUsize);

impl Resolver for Scripted {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        self.0[self.1.fetch_add(1, Ordering::SeqCst)].iter().for_each(|address| addresses.push(*address));
        Ok(addresses)
    }
}

/// Only 127.0.0.1 is open, as if it were the internet; each lookup finds the next list of hosts.
fn post_resolving(port: u16, lookups: &[&[&str]]) -> Vec<Outcome> {
    let address = |host: &&str| SocketAddr::new(host.parse().unwrap(), port);
    let answers = lookups.iter().map(|hosts| hosts.iter().map(address).collect()).collect();
    let policy = Policy { allow_http: true, allow_private: false, allow: vec!["127.0.0.1/32".parse().unwrap()] };
    let egress = Egress::with_names(policy, Scripted(answers, AtomicUsize::new(0)));
    let request = Request { url: "http://hook.example/", headers: &[], body: b"{}", timeout_ms: 5_000 };
    lookups.iter().map(|_| egress.post(&request)).collect()
}

#[test]
fn one_blocked_address_among_good_ones_blocks() {
    let stub = Stub::answering("HTTP/1.1 200 OK\r\n\r\n");
    let outcomes = post_resolving(stub.address.port(), &[&["127.0.0.1", "127.0.0.2"]]);
    assert_failed(&outcomes[0], Failure::BlockedAddress);
    assert_eq!(stub.accepted(), 0);
}

#[test]
fn a_name_that_changes_its_address_is_looked_up_and_checked_again() {
    let stub = Stub::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let outcomes = post_resolving(stub.address.port(), &[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.1"]]);
    assert_eq!(outcomes[0].status, Some(200));
    assert_failed(&outcomes[1], Failure::BlockedAddress);
    assert_eq!(outcomes[2].status, Some(200));
    assert_eq!(stub.accepted(), 2);
}

#[test]
fn a_proxy_in_the_environment_is_ignored() {
    let proxy = "http://127.0.0.1:9";
    let mut again = Command::new(env::current_exe().unwrap());
    again.args(["--exact", "egress::tests::an_answer_is_read"]);
    let output = again.env("ALL_PROXY", proxy).env("HTTP_PROXY", proxy).env("http_proxy", proxy).output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("1 passed"), "{report}");
}
