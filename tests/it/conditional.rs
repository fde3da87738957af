//! Conditional reads: what the caller has already is not sent again.

use serde_json::json;

use crate::server::Span::Seconds;
use crate::server::TestServer;

const AGENTS: &str = "/api/v1/agents";

fn with_agent() -> (TestServer, String) {
    let server = TestServer::start();
    let path = format!("{AGENTS}/{}", server.agent(&json!({ "name": "A" })));
    (server, path)
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let (server, agent) = with_agent();
    for path in [AGENTS, &agent] {
        let first = server.get(path).is(200);
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\"") && tag.len() > 10, "{tag}");
        assert_eq!(server.get(path).header("etag"), tag);
        let strong = tag.trim_start_matches("W/").to_owned();
        for known in [tag.clone(), strong, format!("\"other\", {tag}"), "*".into()] {
            let unchanged = server.with("if-none-match", &known).get(path).is(304);
            assert_eq!((unchanged.text.as_str(), unchanged.header("etag")), ("", tag.as_str()), "{known}");
            assert!(!unchanged.header("x-request-id").is_empty() && !unchanged.header("x-ratelimit-limit").is_empty());
        }
        for other in ["\"other\"", "W/\"\"", ""] {
            assert_eq!(server.with("if-none-match", other).get(path).is(200).json, first.json);
        }
    }
}

#[test]
fn what_has_changed_is_sent_with_another_tag() {
    let (server, agent) = with_agent();
    for path in [AGENTS, &agent] {
        let tag = server.get(path).header("etag").to_owned();
        server.pass(Seconds(1));
        server.put(&agent, &json!({ "greeting": format!("Hello from {path}") })).is(200);
        let changed = server.with("if-none-match", &tag).get(path).is(200);
        assert_ne!(changed.header("etag"), tag);
        assert!(changed.text.contains(&format!("Hello from {path}")));
    }
}

#[test]
fn head_has_the_tag_of_get() {
    let (server, agent) = with_agent();
    for path in [AGENTS, &agent] {
        let tag = server.get(path).header("etag").to_owned();
        let head = server.send("HEAD", path, None).is(200);
        assert_eq!((head.header("etag"), head.text.as_str()), (tag.as_str(), ""));
        server.with("if-none-match", &tag).send("HEAD", path, None).is(304);
    }
}

#[test]
fn only_reads_that_succeed_have_a_tag() {
    let (server, agent) = with_agent();
    let untagged = [
        server.with("if-none-match", "*").post(AGENTS, &json!({ "name": "B" })).is(201),
        server.with("if-none-match", "*").put(&agent, &json!({ "name": "B" })).is(200),
        server.with("if-none-match", "*").get(&format!("{AGENTS}/agt_a1b2c3d4e5")).is(404),
        server.with("if-none-match", "*").with("accept", "text/csv").get(&format!("{agent}/leads")).is(200),
    ];
    for reply in untagged {
        assert!(reply.header("etag").is_empty(), "{reply:?}");
    }
}

#[test]
fn what_is_the_same_for_everyone_is_packed_once_and_not_sent_again() {
    let server = TestServer::start();
    for (path, kind) in [("/api/v1/openapi.json", "application/json"), ("/docs", "text/html; charset=utf-8")] {
        let plain = server.client().get(path).is(200);
        assert_eq!((plain.header("content-type"), plain.header("content-encoding")), (kind, ""));
        let tag = plain.header("etag").to_owned();
        assert!(tag.starts_with("W/\"") && plain.header("cache-control") == "public, max-age=300", "{tag}");
        let packed = server.client().with("accept-encoding", "gzip").send("HEAD", path, None).is(200);
        assert_eq!((packed.header("content-encoding"), packed.header("etag")), ("gzip", tag.as_str()));
        assert!(packed.number("content-length") * 3 < plain.text.len() as i64, "{path}");
        assert_eq!(packed.header("vary"), "accept-encoding");
        let unread = server.client().with("accept-encoding", "gzip;q=0").get(path).is(200);
        assert_eq!((unread.header("content-encoding"), &unread.text), ("", &plain.text));
        let known = server.client().with("if-none-match", &tag).with("accept-encoding", "gzip").get(path).is(304);
        assert_eq!((known.text.as_str(), known.header("etag")), ("", tag.as_str()));
    }
}
