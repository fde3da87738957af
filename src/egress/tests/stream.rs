//! Answers that stream, from servers that dawdle, babble or vanish.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::egress::stream::{Piece, Stream, StreamRequest};
use crate::egress::tests::{Stub, hang, open_policy};
use crate::egress::{Egress, Failure};

const LIMIT: Duration = Duration::from_secs(5);
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n";

fn open(url: &str, timeout: Duration) -> Stream {
    let headers = vec![("authorization", "Bearer secret".to_owned())];
    let (url, body) = (url.to_owned(), b"{}".to_vec());
    Egress::new(open_policy()).stream(StreamRequest { url, headers, body, connect_timeout: LIMIT, timeout })
}

/// Everything but the head, as far as it came, and the last word.
fn rest(stream: &Stream) -> (usize, Piece) {
    let mut bytes = 0;
    loop {
        match stream.next(LIMIT) {
            Some(Piece::Bytes(more)) => bytes += more.len(),
            Some(Piece::Head(_)) => {}
            Some(last) => return (bytes, last),
            None => return (bytes, Piece::Failed(Failure::Timeout)),
        }
    }
}

#[test]
fn pieces_arrive_while_more_is_to_come() {
    let (go, gone) = channel::<()>();
    let gone = std::sync::Arc::new(std::sync::Mutex::new(gone));
    let stub = Stub::start(move |mut stream, request| {
        assert!(request.contains("Bearer secret"));
        let _ = stream.write_all(HEAD).and_then(|()| stream.write_all(b"data: a\n\n"));
        let _ = gone.lock().unwrap().recv_timeout(LIMIT);
        let _ = stream.write_all(b"data: b\n\n");
    });
    let stream = open(&stub.url(), LIMIT);
    let Some(Piece::Head(head)) = stream.next(LIMIT) else { unreachable!("no head") };
    assert_eq!((head.status, head.content_type.as_str()), (200, "text/event-stream"));
    assert_eq!(stream.next(LIMIT), Some(Piece::Bytes(b"data: a\n\n".to_vec())));
    assert_eq!(stream.next(Duration::from_millis(20)), None);
    go.send(()).unwrap();
    assert_eq!(rest(&stream), (9, Piece::End));
}

/// A server that hangs after these bytes, and says when the other side has left.
fn hanging(after: &'static [u8], left: Sender<Instant>) -> Stub {
    Stub::start(move |mut stream, _| {
        let _ = stream.write_all(after);
        let _ = stream.read(&mut [0]);
        let _ = left.send(Instant::now());
    })
}

#[test]
fn h15_whoever_leaves_breaks_the_connection_off_at_once() {
    for after in [&b""[..], HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"] {
        let (leave, left) = channel();
        let stub = hanging(after, leave);
        let stream = open(&stub.url(), LIMIT);
        while stream.next(Duration::from_millis(200)).is_some() {}
        let dropped = Instant::now();
        drop(stream);
        let noticed = left.recv_timeout(LIMIT).unwrap();
        assert!(noticed.saturating_duration_since(dropped) < Duration::from_secs(1));
    }
}

#[test]
fn h15_whoever_reads_nothing_holds_up_nobody() {
    let (leave, left) = channel();
    let stub = Stub::start(move |mut stream, _| {
        let _ = stream.write_all(HEAD);
        while stream.write_all(&[b'x'; 8192]).is_ok() {}
        let _ = leave.send(());
    });
    let stream = open(&stub.url(), LIMIT);
    thread::sleep(Duration::from_millis(100));
    drop(stream);
    left.recv_timeout(LIMIT).unwrap();
}

#[test]
fn h14_an_answer_without_end_is_cut() {
    let stub = Stub::start(|mut stream, _| {
        let _ = stream.write_all(HEAD);
        while stream.write_all(&[b'x'; 8192]).is_ok() {}
    });
    let (bytes, last) = rest(&open(&stub.url(), LIMIT));
    assert!(last == Piece::TooLarge && bytes <= 4 * 1024 * 1024, "{bytes} {last:?}");
}

#[test]
fn h14_what_fails_is_said() {
    let check = |url: &str, timeout_ms, expected| {
        assert_eq!(rest(&open(url, Duration::from_millis(timeout_ms))).1, Piece::Failed(expected))
    };
    let silent = Stub::start(|stream, _| hang(stream));
    check(&silent.url(), 300, Failure::Timeout);
    check(&Stub::answering("SSH-2.0-OpenSSH_9.2\r\n").url(), 5_000, Failure::Protocol);
    check(&Stub::answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").url(), 5_000, Failure::Protocol);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    check(&format!("http://{address}/"), 5_000, Failure::ConnectRefused);
}

#[test]
fn d09_a_redirect_is_not_followed_with_the_secret() {
    let target = Stub::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let location = target.url();
    let stub = Stub::start(move |mut stream, _| {
        let _ = write!(stream, "HTTP/1.1 307 Moved\r\nLocation: {location}\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    });
    let stream = open(&stub.url(), LIMIT);
    let Some(Piece::Head(head)) = stream.next(LIMIT) else { unreachable!("no head") };
    assert_eq!((head.status, head.retry_after.as_deref(), target.accepted()), (307, Some("7"), 0));
}

#[test]
fn metadata_stay_blocked_where_everything_else_is_open() {
    let everywhere = ["0.0.0.0/0", "::/0"].map(|range| range.parse().unwrap()).to_vec();
    let policy = crate::egress::Policy { allow_http: true, allow_private: true, allow: everywhere };
    let (headers, body) = (Vec::new(), Vec::new());
    let url = "http://169.254.169.254/latest".to_owned();
    let stream = Egress::new(policy).stream(StreamRequest { url, headers, body, connect_timeout: LIMIT, timeout: LIMIT });
    assert_eq!(rest(&stream).1, Piece::Failed(Failure::BlockedAddress));
}
