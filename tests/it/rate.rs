//! The rate limit of a key: exact over a rolling minute, with a burst over a rolling second.

use std::sync::Barrier;
use std::thread;

use crate::http::Reply;
use crate::server::Span::{Ms, Seconds};
use crate::server::TestServer;

fn starter() -> TestServer {
    let server = TestServer::start();
    server.set_plan("starter");
    server
}

/// A hundred requests at fifteen a second, which no burst limit minds.
fn use_up(server: &TestServer) -> Vec<Reply> {
    let one = |_| {
        let reply = server.get("/api/v1/me").is(200);
        server.pass(Ms(67));
        reply
    };
    (0..100).map(one).collect()
}

#[test]
fn c01_the_hundred_and_first_request_of_a_minute_waits_until_the_first_is_a_minute_old() {
    let server = starter();
    let start = server.now().seconds();
    for (number, reply) in use_up(&server).iter().enumerate() {
        assert_eq!(reply.number("x-ratelimit-limit"), 100);
        assert_eq!(reply.number("x-ratelimit-remaining"), 99 - i64::try_from(number).unwrap());
        assert_eq!(reply.number("x-ratelimit-reset"), start + 60);
    }
    let refused = server.get("/api/v1/me").fails(429, "rate_limited");
    assert_eq!((refused.number("x-ratelimit-remaining"), refused.number("x-ratelimit-reset")), (0, start + 60));
    let wait_ms = (start + 60) * 1_000 - server.now().ms();
    assert_eq!(refused.number("retry-after"), (wait_ms + 999) / 1_000);
    server.pass(Ms(wait_ms - 1));
    server.get("/api/v1/me").fails(429, "rate_limited");
    server.pass(Ms(1));
    server.get("/api/v1/me").is(200);
    server.get("/api/v1/me").fails(429, "rate_limited");
}

#[test]
fn c02_the_twenty_first_request_of_a_second_waits_for_the_next() {
    let server = starter();
    for _ in 0..20 {
        server.get("/api/v1/me").is(200);
    }
    let refused = server.get("/api/v1/me").fails(429, "rate_limited");
    assert_eq!((refused.number("retry-after"), refused.number("x-ratelimit-remaining")), (1, 80));
    server.pass(Ms(999));
    server.get("/api/v1/me").fails(429, "rate_limited");
    server.pass(Ms(1));
    assert_eq!(server.get("/api/v1/me").is(200).number("x-ratelimit-remaining"), 79);
}

#[test]
fn c04_a_refused_request_takes_no_place() {
    let server = starter();
    use_up(&server);
    for _ in 0..50 {
        server.pass(Ms(500));
        server.get("/api/v1/me").fails(429, "rate_limited");
    }
    server.pass(Seconds(60));
    assert_eq!(server.get("/api/v1/me").is(200).number("x-ratelimit-remaining"), 99);
}

#[test]
fn c05_requests_at_the_same_moment_are_counted_exactly() {
    let server = starter();
    let (barrier, api) = (Barrier::new(64), (*server).clone());
    let admitted: usize = thread::scope(|scope| {
        let one = || {
            barrier.wait();
            usize::from(api.get("/api/v1/me").status == 200)
        };
        let threads: Vec<_> = (0..64).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(admitted, 20);
}

#[test]
fn c07_another_plan_counts_from_the_next_request() {
    let server = starter();
    use_up(&server);
    server.get("/api/v1/me").fails(429, "rate_limited");
    server.set_plan("growth");
    let reply = server.get("/api/v1/me").is(200);
    assert_eq!((reply.number("x-ratelimit-limit"), reply.number("x-ratelimit-remaining")), (1_000, 899));
}

#[test]
fn every_key_has_a_limit_of_its_own() {
    let server = starter();
    let other = server.with_key(&server.create_key(&server, "Other", &[]));
    use_up(&server);
    server.get("/api/v1/me").fails(429, "rate_limited");
    assert_eq!(other.get("/api/v1/me").is(200).number("x-ratelimit-remaining"), 99);
}

#[test]
fn failures_carry_the_limit_too_and_use_a_place() {
    let server = starter();
    let missing = server.get("/api/v1/agents/agt_a1b2c3d4e5").fails(404, "agent_not_found");
    assert_eq!(missing.number("x-ratelimit-remaining"), 99);
    assert!(server.client().get("/api/v1/me").header("x-ratelimit-limit").is_empty());
}
