//! Names that lead where they should not, or nowhere.

use std::env;
use std::io::ErrorKind;
use std::iter::repeat_n;
use std::net::{SocketAddr, TcpListener};
use std::process::Command;

use crate::egress::guard::Policy;
use crate::egress::script::{Lookup, Script};
use crate::egress::tests::{Stub, assert_failed, post};
use crate::egress::{Egress, Failure, Outcome, Request};

#[test]
fn d12_a_name_that_does_not_exist_is_a_dns_error() {
    assert_failed(&post("http://does-not-exist.invalid/"), Failure::Dns);
}

#[test]
fn d02_addresses_of_ones_own_network_are_not_called() {
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

/// Only 127.0.0.1 is open, as if it were the internet.
fn post_looking_up(lookups: &[Lookup]) -> Vec<Outcome> {
    let policy = Policy { allow_http: true, allow_private: false, allow: vec!["127.0.0.1/32".parse().unwrap()] };
    let egress = Egress::scripted(policy, Script::new(lookups, Lookup::NoSuchName));
    let request = Request { url: "http://hook.example/", headers: &[], body: b"{}", timeout_ms: 5_000 };
    lookups.iter().map(|_| egress.post(&request)).collect()
}

fn finds(hosts: &[&str], port: u16) -> Lookup {
    Lookup::Finds(hosts.iter().map(|host| SocketAddr::new(host.parse().unwrap(), port)).collect())
}

#[test]
fn d07_one_blocked_address_among_good_ones_blocks() {
    let stub = Stub::answering("HTTP/1.1 200 OK\r\n\r\n");
    let port = stub.address.port();
    for mixed in [["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "169.254.169.254"], ["127.0.0.1", "::1"]]
    {
        assert_failed(&post_looking_up(&[finds(&mixed, port)])[0], Failure::BlockedAddress);
    }
    assert_eq!(stub.accepted(), 0);
}

#[test]
fn d08_a_name_that_changes_its_address_is_looked_up_and_checked_again() {
    let stub = Stub::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let port = stub.address.port();
    let outcomes = post_looking_up(&[["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1"]].map(|hosts| finds(&hosts, port)));
    assert_eq!(outcomes[0].status, Some(200));
    assert_failed(&outcomes[1], Failure::BlockedAddress);
    assert_eq!(outcomes[2].status, Some(200));
    assert_eq!(stub.accepted(), 2);
}

#[test]
fn d12_a_name_server_that_fails_or_hangs_is_a_dns_error() {
    for outcome in post_looking_up(&[Lookup::NoSuchName, Lookup::Fails, Lookup::Hangs]) {
        assert_failed(&outcome, Failure::Dns);
        assert_eq!(outcome.remote, None);
    }
}

#[test]
fn d12_of_a_hundred_addresses_the_first_that_answers_is_used() {
    let stub = Stub::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hundred = repeat_n(closed, 15).chain(repeat_n(stub.address, 85)).collect();
    let outcomes = post_looking_up(&[Lookup::Finds(hundred), Lookup::Finds(vec![closed; 100])]);
    assert_eq!(outcomes[0].status, Some(200));
    assert_failed(&outcomes[1], Failure::ConnectRefused);
    assert_eq!(stub.accepted(), 1);
}

/// The tests named, in a process of their own where every request is told to go through a proxy.
#[test]
fn d10_a_proxy_in_the_environment_is_ignored() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let mut again = Command::new(env::current_exe().unwrap());
    again.args(["--exact", "egress::tests::an_answer_is_read"]);
    again.arg("egress::tests::names::d02_addresses_of_ones_own_network_are_not_called");
    for name in ["ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"] {
        again.env(name, &proxy);
    }
    let output = again.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("2 passed"), "{report}");
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "nobody came");
}
