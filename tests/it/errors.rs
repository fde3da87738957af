//! What is refused, and in which words.

use serde_json::{Value, json};

use crate::http::raw;
use crate::routes::{self, Ids};
use crate::server::{Api, TestServer, until};

const AGENTS: &str = "/api/v1/agents";

fn agents(server: &TestServer) -> i64 {
    server.count("SELECT count(*) FROM agents")
}

#[test]
fn a02_what_is_no_json_object_is_a_bad_request() {
    let server = TestServer::start();
    for body in ["{\"name\":", "[1", "", "null", "[]", "\"x\"", "7", "true"] {
        server.json("POST", AGENTS, body.as_bytes()).fails(400, "bad_request");
    }
    assert_eq!(agents(&server), 0);
}

#[test]
fn a03_what_only_looks_like_json_is_a_bad_request() {
    let server = TestServer::start();
    for body in [
        "\u{feff}{\"name\":\"A\"}",
        "{\"name\":\"A\"}x",
        "{\"name\":NaN}",
        "{'name':'A'}",
        "{\"name\":\"A\"}//",
        "{\"name\":\"A\",}",
    ] {
        server.json("POST", AGENTS, body.as_bytes()).fails(400, "bad_request");
    }
    assert_eq!(agents(&server), 0);
}

#[test]
fn a04_text_that_is_not_unicode_is_a_bad_request() {
    let server = TestServer::start();
    for body in [b"{\"name\":\"a\xff\"}".as_slice(), b"{\"name\":\"\\ud800\"}", b"{\"name\":\"\xed\xa0\x80\"}"] {
        server.json("POST", AGENTS, body).fails(400, "bad_request");
    }
    assert_eq!(agents(&server), 0);
}

#[test]
fn a06_deep_nesting_is_a_bad_request() {
    let server = TestServer::start();
    for depth in [200, 100_000] {
        server.json("POST", AGENTS, "[".repeat(depth).as_bytes()).fails(400, "bad_request");
        let inside = format!("{{\"name\":\"A\",\"deep\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        server.json("POST", AGENTS, inside.as_bytes()).fails(400, "bad_request");
    }
    server.get("/api/v1/me").is(200);
}

#[test]
fn a07_a_body_that_is_too_large_is_refused_as_such() {
    let server = TestServer::start();
    let body = format!("{}{{\"name\":\"A\"}}", " ".repeat(1024 * 1024));
    server.json("POST", AGENTS, body.as_bytes()).fails(413, "payload_too_large");
    let fits = format!("{}{{\"name\":\"A\"}}", " ".repeat(1024 * 1024 - 12));
    server.json("POST", AGENTS, fits.as_bytes()).is(201);
}

#[test]
fn a08_a_request_that_two_readers_would_end_differently_is_refused() {
    let server = TestServer::start();
    let request = |headers: &str, body: &str| {
        let authorization = format!("Authorization: Bearer {}", server.key);
        format!(
            "POST {AGENTS} HTTP/1.1\r\nHost: x\r\n{authorization}\r\nContent-Type: application/json\r\n{headers}\r\n\r\n{body}"
        )
    };
    let smuggled =
        format!("GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n", server.key);
    let cases = [
        request("Content-Length: 5\r\nContent-Length: 6", &format!("{{\"a\":1{smuggled}")),
        request("Content-Length: 5\r\nTransfer-Encoding: chunked", &format!("0\r\n\r\n{smuggled}")),
        request("Transfer-Encoding: xchunked", &format!("0\r\n\r\n{smuggled}")),
        request("Transfer-Encoding: chunked, identity", &format!("0\r\n\r\n{smuggled}")),
        request("Content-Length: +5", &format!("{{}}   {smuggled}")),
    ];
    for case in cases {
        let answer = raw(&server.base, case.as_bytes());
        assert!(!answer.contains("key_prefix"), "{case}\n\n{answer}");
    }
    assert_eq!(agents(&server), 0);
}

#[test]
fn a08_what_stands_behind_a_body_is_no_request() {
    let server = TestServer::start();
    let body = "x".repeat(1024 * 1024);
    let request = format!(
        "POST {AGENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{body}",
        server.key
    );
    let answer = raw(&server.base, request.as_bytes());
    assert!(!answer.contains("HTTP/1.1 2"), "{answer}");
    assert_eq!(agents(&server), 0);
}

#[test]
fn a09_a_body_must_say_that_it_is_json_in_utf_8() {
    let server = TestServer::start();
    let body = br#"{"name":"A"}"#;
    server.without("content-type").send("POST", AGENTS, Some(body)).fails(415, "unsupported_media_type");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/jsonx", ""] {
        server.with("content-type", kind).send("POST", AGENTS, Some(body)).fails(415, "unsupported_media_type");
    }
    assert_eq!(agents(&server), 0);
    for kind in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
        server.with("content-type", kind).send("POST", AGENTS, Some(body)).is(201);
    }
}

#[test]
fn a17_limits_and_offsets_are_whole_numbers_in_range() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A" }));
    let wrong = "limit=0 limit=-1 limit=101 limit=abc limit=1e3 limit= limit=%2B5 limit=99999999999999999999 \
                 offset=-1 offset=9223372036854775808 limit=1&limit=2";
    for list in ["conversations", "leads"] {
        for query in wrong.split_whitespace() {
            let refused = server.get(&format!("{AGENTS}/{agent}/{list}?{query}")).fails(422, "validation_error");
            assert_eq!(refused.refused(), [query.split('=').next().unwrap()]);
        }
        let page = server.get(&format!("{AGENTS}/{agent}/{list}?limit=100&offset=3&unknown=1")).is(200).json;
        assert_eq!((&page["limit"], &page["offset"], &page["total"]), (&json!(100), &json!(3), &json!(0)));
        let page = server.get(&format!("{AGENTS}/{agent}/{list}")).is(200).json;
        assert_eq!((&page["limit"], &page["offset"]), (&json!(25), &json!(0)));
    }
}

#[test]
fn a18_since_is_a_timestamp_with_an_offset() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A" }));
    for list in ["conversations", "leads"] {
        let since = |text: &str| server.get(&format!("{AGENTS}/{agent}/{list}?since={text}"));
        for text in ["yesterday", "2026-02-30T00:00:00Z", "2026-03-01", "2026-03-01T00:00:00+02:00", "2026-03-01T00:00:00", ""] {
            assert_eq!(since(text).fails(422, "validation_error").refused(), ["since"], "{text}");
        }
        assert!(since("2026-03-01T00:00:00+02:00").json["error"]["details"][0]["message"].as_str().unwrap().contains("%2B"));
        for text in ["2026-03-01T00:00:00Z", "2026-03-01T00:00:00%2B02:00", "2026-03-01T00:00:00.123Z"] {
            since(text).is(200);
        }
    }
}

#[test]
fn a19_an_id_of_any_other_form_is_an_agent_that_does_not_exist() {
    let server = TestServer::start();
    let missing = server.get(&format!("{AGENTS}/agt_a1b2c3d4e5")).fails(404, "agent_not_found").text;
    let long = "x".repeat(10_000);
    for id in
        ["agt_%00", "agt_%2e%2e%2fme", &long, "agt_%F0%9F%98%80", "agt_'%20OR%201=1--", "AGT_A1B2C3D4E5", "wh_a1b2c3d4e5", "%FF"]
    {
        assert_eq!(server.get(&format!("{AGENTS}/{id}")).fails(404, "agent_not_found").text, missing, "{id}");
    }
}

#[test]
fn a20_an_unknown_route_is_not_found_in_json() {
    let server = TestServer::start();
    for path in
        ["/api/v1/agents/", "//api/v1/me", "/API/V1/me", "/api/v1", "/api/v2/me", "/api/v1/nothing", "/api/v1/agents/x/y/z"]
    {
        server.get(path).fails(404, "not_found");
        server.client().with("accept", "text/html").get(path).is(404);
    }
    for path in ["/api/v1/nothing", "/api/nothing"] {
        // Programs that ask for HTML are still told in JSON.
        server.with("accept", "text/html").get(path).fails(404, "not_found");
    }
    server.post("/api/v1/nothing", &json!({})).fails(404, "not_found");
}

#[test]
fn a21_a_wrong_method_is_told_the_right_ones() {
    let server = TestServer::start();
    let agent = format!("{AGENTS}/{}", server.agent(&json!({ "name": "A" })));
    let cases = [
        ("POST", "/api/v1/me".to_owned(), "GET,HEAD"),
        ("DELETE", AGENTS.to_owned(), "GET,HEAD,POST"),
        ("TRACE", AGENTS.to_owned(), "GET,HEAD,POST"),
        ("POST", agent.clone(), "GET,HEAD,PUT,PATCH,DELETE"),
        ("PUT", format!("{agent}/knowledge"), "GET,HEAD,POST"),
        ("POST", format!("{agent}/conversations"), "GET,HEAD"),
        ("DELETE", format!("{agent}/leads"), "GET,HEAD"),
        ("PATCH", "/api/v1/webhooks".to_owned(), "GET,HEAD,POST"),
    ];
    let sorted = |methods: &str| {
        let mut methods: Vec<_> = methods.split(',').map(|method| method.trim().to_owned()).collect();
        methods.sort();
        methods
    };
    for (method, path, allowed) in cases {
        let refused = server.send(method, &path, None).fails(405, "method_not_allowed");
        assert_eq!(sorted(refused.header("allow")), sorted(allowed), "{method} {path}");
    }
    server.get(&agent).is(200);
}

#[test]
fn a21_head_is_get_without_a_body() {
    let server = TestServer::start();
    let (get, head) = (server.get(AGENTS).is(200), server.send("HEAD", AGENTS, None).is(200));
    assert!(head.text.is_empty());
    for name in ["content-type", "content-length", "x-ratelimit-limit"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

#[test]
fn a22_huge_headers_and_addresses_are_refused() {
    let server = TestServer::start();
    let header = format!("X-Long: {}\r\n", "x".repeat(64 * 1024));
    let many = (0..200).map(|n| format!("X-{n}: x\r\n")).collect::<String>();
    for (path, headers) in
        [("/api/v1/me".to_owned(), header), ("/api/v1/me".into(), many), (format!("/{}", "x".repeat(70_000)), String::new())]
    {
        let answer = raw(&server.base, format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n").as_bytes());
        let status = answer.split(' ').nth(1).unwrap_or("closed");
        assert!(matches!(status, "431" | "414" | "closed"), "{answer}");
    }
    server.get("/api/v1/me").is(200);
}

#[test]
fn a23_programs_that_want_html_are_still_answered_in_json() {
    let server = TestServer::start();
    server.with("accept", "text/html").get("/api/v1/agents/agt_a1b2c3d4e5").fails(404, "agent_not_found");
}

#[test]
fn every_answer_has_a_request_id_and_keeps_a_good_one() {
    let server = TestServer::start();
    let made = server.get("/api/v1/me").header("x-request-id").to_owned();
    assert!(made.starts_with("req_") && made != server.get("/api/v1/me").header("x-request-id"));
    let sent = |id: &str| server.with("x-request-id", id).get("/api/v1/me").header("x-request-id").to_owned();
    for kept in ["abc-123_x.y".to_owned(), "a".repeat(64)] {
        assert_eq!(sent(&kept), kept);
    }
    for replaced in ["a b".to_owned(), "a\"b".into(), "a".repeat(65), "<script>".into()] {
        assert!(sent(&replaced).starts_with("req_"), "{replaced}");
    }
    for path in ["/healthz", "/login", "/nothing", "/widget.js"] {
        assert!(!server.client().get(path).header("x-request-id").is_empty(), "{path}");
    }
}

/// Everything of an account that somebody else could have changed.
fn all_of(api: &Api, agent: &str) -> Vec<Value> {
    let lists = ["agents".to_owned(), "webhooks".into(), format!("agents/{agent}/knowledge"), format!("agents/{agent}/leads")];
    let mut lists: Vec<_> = lists.iter().map(|list| api.get(&format!("/api/v1/{list}")).is(200).json).collect();
    lists.push(api.get(&format!("{AGENTS}/{agent}/conversations")).is(200).json);
    lists
}

#[test]
fn b03_what_belongs_to_another_account_does_not_exist() {
    let server = TestServer::start();
    let receiver = server.receiver();
    let agent = server.agent(&json!({ "name": "Mine", "knowledge_base": "Truth." }));
    let visitor = server.visitor(&agent);
    let conversation = visitor.ask("Hello, I am jane@example.com").conversation.unwrap();
    receiver.next_of("lead.captured");
    let text = |sql: &str| server.database().query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    let ids = Ids {
        entry: text("SELECT id FROM knowledge"),
        lead: text("SELECT id FROM leads"),
        delivery: text("SELECT id FROM deliveries LIMIT 1"),
        visitor: visitor.id.clone(),
        webhook: receiver.id.clone(),
        conversation,
        agent,
    };
    until("the record of both deliveries", || {
        Some(()).filter(|()| server.deliveries().iter().all(|(state, _)| state == "delivered"))
    });
    let before = all_of(&server, &ids.agent);
    let stranger = server.sign_up("stranger@example.com");
    for route in routes::all().into_iter().filter(routes::Route::names_something) {
        let foreign = route.call(&stranger, &ids).is(404);
        assert_eq!(foreign.text, route.call(&stranger, &Ids::of_nothing()).is(404).text, "{} {}", route.method, route.path);
    }
    assert_eq!(all_of(&server, &ids.agent), before);
    assert!(receiver.is_empty());
}

#[test]
fn b04_a_webhook_for_another_accounts_agent_is_not_found() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "Mine" }));
    let stranger = server.sign_up("stranger@example.com");
    for id in [agent.as_str(), "agt_a1b2c3d4e5", "nonsense"] {
        let body = json!({ "url": "https://example.com/hook", "events": ["lead.captured"], "agent_id": id });
        stranger.post("/api/v1/webhooks", &body).fails(404, "agent_not_found");
    }
    assert_eq!(server.count("SELECT count(*) FROM webhooks"), 0);
}

#[test]
fn a_request_is_in_the_activity_log() {
    let mut server = TestServer::start();
    server.with("x-request-id", "mine").get("/api/v1/agents/agt_a1b2c3d4e5").is(404);
    server.stop();
    let row = server.database().query_row(
        "SELECT method, path, status, address FROM api_requests WHERE request_id = 'mine'",
        [],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?, row.get::<_, String>(3)?)),
    );
    assert_eq!(row.unwrap(), ("GET".into(), "/api/v1/agents/agt_a1b2c3d4e5".into(), 404, "127.0.0.1".into()));
}
