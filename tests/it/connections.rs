//! Connections whose clients do not read, and what happens when every place is taken.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use chatforge::config::Config;
use chatforge::domain::id::{Identifier, VisitorId};
use chatforge::web::live::VisitorNews;
use serde_json::json;
use socket2::{Domain, Socket, Type};

use crate::http::{Client, EventStream};
use crate::server::{LIMIT, TestServer, until};
use crate::visitor::Visitor;

const LONG: &str = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";

/// A client that takes in little at a time.
fn connect(server: &TestServer) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let address: SocketAddr = server.client().base().trim_start_matches("http://").parse().unwrap();
    socket.connect(&address.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream
}

/// It asks for much more than fits on the way, and reads nothing of it.
fn deaf(server: &TestServer) -> TcpStream {
    let mut stream = connect(server);
    stream.write_all(LONG.repeat(100).as_bytes()).unwrap();
    stream
}

/// Told once.
fn is_cut_off(stream: &TcpStream) -> bool {
    stream.take_error().unwrap().is_some()
}

/// The server's answer to somebody new.
fn answers(server: &TestServer) -> bool {
    server.client().get("/healthz").is(200).status == 200
}

fn start(change: impl FnOnce(&mut Config)) -> (TestServer, String) {
    let server = TestServer::start_with(change);
    let agent = server.agent(&json!({ "name": "A" }));
    (server, agent)
}

/// An open event stream, and that it is one.
fn listening(server: &TestServer, agent: &str) -> (Visitor, EventStream) {
    let visitor = server.visitor(agent);
    let mut stream = visitor.stream();
    stream.ping();
    (visitor, stream)
}

#[test]
fn a_client_that_does_not_read_is_cut_off_and_one_that_does_is_not() {
    let (server, agent) = start(|config| config.testing.write_timeout_ms = 1_500);
    let (_visitor, mut events) = listening(&server, &agent);
    let mut slow = deaf(&server);
    let mut silent: Vec<_> = (0..20).map(|_| deaf(&server)).collect();
    let mut read = 0;
    until("all are cut off", || {
        // It reads little, and goes on reading.
        read += slow.read(&mut [0; 512]).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        silent.retain(|stream| !is_cut_off(stream));
        silent.is_empty().then_some(())
    });
    assert!(read > 0 && !is_cut_off(&slow));
    server.delete(&format!("/api/v1/agents/{agent}")).is(200);
    assert_eq!(events.event().as_deref(), Some("deactivated"));
}

#[test]
fn an_event_stream_that_nobody_reads_is_ended_too() {
    let (server, agent) = start(|config| config.testing.write_timeout_ms = 500);
    let visitor = server.visitor(&agent);
    let mut stream = connect(&server);
    let head = format!("GET /widget/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", visitor.session);
    stream.write_all(head.as_bytes()).unwrap();
    let reader = VisitorId::parse(&visitor.id).unwrap();
    until("it is cut off", || {
        server.app().live.tell_visitor(&reader, VisitorNews::Typing("x".repeat(500)));
        is_cut_off(&stream).then_some(())
    });
}

#[test]
fn places_that_are_held_by_whoever_does_not_read_are_given_to_others() {
    let (server, _) = start(|config| config.server.connections_max = 20);
    let silent: Vec<_> = (0..40).map(|_| deaf(&server)).collect();
    for _ in 0..10 {
        // Long before any time-out: thirty seconds for what is written, ten for what is asked.
        assert!(answers(&server));
    }
    assert!(silent.iter().filter(|stream| is_cut_off(stream)).count() >= 20);
}

#[test]
fn places_that_are_held_by_whoever_asks_nothing_are_given_to_others() {
    let (server, agent) = start(|config| config.server.connections_max = 20);
    let streams: Vec<_> = (0..5).map(|_| listening(&server, &agent)).collect();
    let mut idle: Vec<_> = (0..40).map(|_| connect(&server)).collect();
    for (number, stream) in idle.iter_mut().enumerate() {
        // Some have begun to ask, some with a body that never comes.
        let begun = ["", "GET /healthz HTTP/1.1\r\n", "POST /widget/v1/boot HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"];
        let _ = stream.write_all(begun[number % 3].as_bytes());
    }
    for _ in 0..10 {
        assert!(answers(&server));
    }
    server.delete(&format!("/api/v1/agents/{agent}")).is(200);
    for (_, mut events) in streams {
        assert_eq!(events.event().as_deref(), Some("deactivated"), "whoever listens stays");
    }
}

#[test]
fn where_all_listen_the_one_that_has_heard_nothing_for_longest_makes_room() {
    let (server, agent) = start(|config| config.server.connections_max = 4);
    let visitor = server.visitor(&agent);
    let streams: Vec<_> = (0..4).map(|_| visitor.stream()).collect();
    assert!(answers(&server));
    drop(streams);
}

#[test]
fn a_network_holds_only_so_many_event_streams_behind_a_proxy() {
    let (server, agent) = start(|config| {
        config.server.trusted_proxies = vec!["127.0.0.1".into()];
        config.server.connections_per_address_max = 2;
        config.server.connections_max = 40;
    });
    let visitor = server.visitor(&agent);
    let from = |address: &str| -> Client {
        server.client().with("authorization", &format!("Bearer {}", visitor.session)).with("x-forwarded-for", address)
    };
    let open = |address: &str| from(address).stream("/widget/v1/events");
    let refused = |address: &str| {
        let limited = from(address).get("/widget/v1/events").fails(429, "rate_limited");
        assert!(limited.number("retry-after") > 0);
    };
    let mut held = vec![open("2001:db8:1:1::1"), open("2001:db8:1:1::2")];
    refused("2001:db8:1:1::3");
    held.extend((2..10).map(|n| open(&format!("2001:db8:1:{n}00::1"))));
    // Ten of one network's: a quarter of all.
    refused("2001:db8:1:ff00::1");
    held.push(open("2001:db8:2:1::1"));
    held.push(open("198.51.100.1"));
    held.remove(0);
    held.push(until("the place is free again", || {
        let client = from("2001:db8:1:1::9");
        let place = server.app().streams.take("2001:db8:1:1::9".parse().unwrap());
        drop(place?);
        Some(client.stream("/widget/v1/events"))
    }));
    refused("2001:db8:1:1::3");
}
