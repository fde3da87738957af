//! The way out against servers on this machine that misbehave.

mod names;
mod stream;
mod tls;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::egress::guard::Policy;
use crate::egress::{CONNECT_TIMEOUT, Egress, Failure, Outcome, Request};

/// 100 KiB of zeros in gzip.
const BOMB: &str = "H4sIAAAAAAACA+3BAQEAAACCIP+vbkhAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAfBhhhfhKAJABAA==";

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
fn d09_e08_a_redirect_is_an_answer_and_its_target_is_not_visited() {
    let target = Stub::answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret");
    for status in [301, 302, 303, 307, 308] {
        for location in [&target.url(), "file:///etc/passwd", "/hook"] {
            let location = location.to_owned();
            let stub = Stub::start(move |mut stream, _| {
                let _ = write!(stream, "HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
            });
            assert_eq!(post(&stub.url()).status, Some(status));
            assert_eq!(stub.accepted(), 1);
        }
    }
    assert_eq!(target.accepted(), 0);
    let unchanged = Stub::answering("HTTP/1.1 304 Not Modified\r\n\r\n");
    assert_eq!(post(&unchanged.url()).status, Some(304));
}

/// Until the other side gives up.
fn hang(mut stream: TcpStream) {
    let _ = stream.read(&mut [0]);
}

#[test]
fn e04_an_endpoint_that_never_answers_times_out() {
    let stub = Stub::start(|stream, _| hang(stream));
    let outcome = post_within(&stub.url(), 300);
    assert_failed(&outcome, Failure::Timeout);
    assert!((300..4_000).contains(&outcome.duration_ms), "{outcome:?}");
}

/// Later than a lookup or a connection may take: those limits do not cut an answer short.
#[test]
fn e05_a_late_answer_counts() {
    let stub = Stub::start(|mut stream, _| {
        thread::sleep(CONNECT_TIMEOUT + Duration::from_millis(500));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
    });
    let outcome = post_within(&stub.url(), 10_000);
    assert_eq!((outcome.status, outcome.error, outcome.body.as_str()), (Some(200), None, "late"));
}

#[test]
fn e06_a_head_that_drips_times_out() {
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
fn e06_a_status_counts_though_the_body_stalls() {
    let stub = Stub::start(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        hang(stream);
    });
    let outcome = post_within(&stub.url(), 400);
    assert_eq!((outcome.status, outcome.error, outcome.body.as_str()), (Some(200), None, "half"));
    assert!(outcome.duration_ms < 4_000, "{outcome:?}");
}

#[test]
fn e07_an_endless_body_is_cut() {
    let stub = Stub::start(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 8192]).is_ok() {}
    });
    let outcome = post(&stub.url());
    assert_eq!((outcome.status, outcome.body.len()), (Some(200), 4096));
    assert!(outcome.duration_ms < 4_000, "{outcome:?}");
}

/// A hundred bytes that would be 100 KiB.
#[test]
fn e07_a_compressed_body_stays_as_it_is() {
    let bomb = STANDARD.decode(BOMB).unwrap();
    let sent = bomb.clone();
    let stub = Stub::start(move |mut stream, _| {
        let length = sent.len();
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n");
        let _ = stream.write_all(&sent);
    });
    let outcome = post(&stub.url());
    assert_eq!((outcome.status, outcome.body), (Some(200), String::from_utf8_lossy(&bomb).into_owned()));
}

#[test]
fn e07_a_head_without_end_is_refused() {
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

/// The request arrived, and may have been acted on; that it was is not known.
#[test]
fn e11_a_connection_reset_after_the_request_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let resets = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut seen = [0; 4096];
        while !seen.windows(2).any(|pair| pair == b"{}") {
            stream.peek(&mut seen).unwrap();
        }
        // With something unread, closing resets.
        drop(stream);
    });
    assert_failed(&post(&format!("http://{address}/hook")), Failure::Protocol);
    resets.join().unwrap();
}

#[test]
fn plain_http_is_not_spoken_unless_allowed() {
    let stub = Stub::answering("HTTP/1.1 200 OK\r\n\r\n");
    let secure = Egress::new(Policy { allow_private: true, ..Policy::default() });
    let outcome = secure.post(&Request { url: &stub.url(), headers: &[], body: b"{}", timeout_ms: 5_000 });
    assert_failed(&outcome, Failure::BlockedAddress);
    assert_eq!(stub.accepted(), 0);
}
