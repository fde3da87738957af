//! The log of API requests.

use serde_json::json;

use crate::browser::{PASSWORD, own_api, signed_in};
use crate::server::Span::{Days, Hours};
use crate::server::{TestServer, until};

#[derive(Debug, PartialEq)]
struct Row {
    method: String,
    path: String,
    status: i64,
    address: String,
    request_id: String,
    at_ms: i64,
}

/// The rows of one account, oldest first. They are written with a later commit.
fn rows(server: &TestServer, account: &str, count: usize) -> Vec<Row> {
    until("the log's rows", || {
        let db = server.database();
        let mut find = db
            .prepare(
                "SELECT method, path, status, address, request_id, created_at FROM api_requests WHERE account = ?1 ORDER BY id",
            )
            .unwrap();
        let found = find.query_map([account], |row| {
            let (method, path, status) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Row { method, path, status, address: row.get(3)?, request_id: row.get(4)?, at_ms: row.get(5)? })
        });
        let rows: Vec<_> = found.unwrap().map(Result::unwrap).collect();
        Some(rows).filter(|rows| rows.len() >= count)
    })
}

#[test]
fn every_request_leaves_a_row() {
    let server = TestServer::start_with(|config| config.server.trusted_proxies = vec!["127.0.0.1".into()]);
    let api = |number: usize| server.with("x-request-id", &format!("request-{number}")).with("x-forwarded-for", "203.0.113.7");
    let agent = api(0).post("/api/v1/agents", &json!({ "name": "A" })).is(201).id();
    server.pass(Hours(1));
    api(1).get("/api/v1/agents?q=secret").is(200);
    api(2).post("/api/v1/agents", &json!({ "name": "" })).is(422);
    api(3).get("/api/v1/agents/agt_a1b2c3d4e5").is(404);
    api(4).send("HEAD", "/api/v1/me", None).is(200);
    api(5).delete(&format!("/api/v1/agents/{agent}")).is(200);
    let found = rows(&server, &server.account, 6);
    let expected = [
        ("POST", "/api/v1/agents", 201),
        ("GET", "/api/v1/agents", 200),
        ("POST", "/api/v1/agents", 422),
        ("GET", "/api/v1/agents/agt_a1b2c3d4e5", 404),
        ("HEAD", "/api/v1/me", 200),
        ("DELETE", &format!("/api/v1/agents/{agent}"), 200),
    ];
    let now_ms = server.now().ms();
    for (number, (method, path, status)) in expected.into_iter().enumerate() {
        let row = Row {
            method: method.into(),
            path: path.into(),
            status,
            address: "203.0.113.7".into(),
            request_id: format!("request-{number}"),
            at_ms: if number == 0 { now_ms - 3_600_000 } else { now_ms },
        };
        assert_eq!(found[number], row);
    }
    assert_eq!(found.len(), 6);
    let keys = "SELECT count(*) FROM api_requests r JOIN api_keys k ON k.id = r.api_key AND k.account = r.account";
    assert_eq!(server.count(keys), 6);
    assert_eq!(server.count("SELECT count(*) FROM api_requests WHERE duration_ms < 0"), 0);
}

#[test]
fn a_request_that_is_limited_is_logged_and_one_without_a_key_is_not() {
    let server = TestServer::start();
    server.set_plan("starter");
    for _ in 0..20 {
        server.get("/api/v1/me").is(200);
    }
    server.client().get("/api/v1/me").is(401);
    server.get("/api/v1/me").is(429);
    let found = rows(&server, &server.account, 21);
    assert_eq!((found.len(), found[20].status), (21, 429));
    let stranger = server.sign_up("stranger@example.com");
    stranger.get("/api/v1/me").is(200);
    assert_eq!(rows(&server, &stranger.account, 1).len(), 1);
}

#[test]
fn the_log_is_forgotten_after_thirty_days() {
    let server = TestServer::start();
    (0..3).for_each(|_| drop(server.get("/api/v1/me").is(200)));
    rows(&server, &server.account, 3);
    server.pass(Days(29));
    server.get("/api/v1/me").is(200);
    assert_eq!(rows(&server, &server.account, 4).len(), 4);
    server.pass(Days(2));
    until("the sweep", || Some(()).filter(|()| server.count("SELECT count(*) FROM api_requests") == 1));
    server.pass(Days(29));
    until("the sweep", || Some(()).filter(|()| server.count("SELECT count(*) FROM api_requests") == 0));
}

#[test]
fn the_page_of_requests_is_narrowed_by_its_address() {
    let (server, mut browser) = signed_in();
    let api = own_api(&server);
    let agent = api.post("/api/v1/agents", &json!({ "name": "A" })).is(201).id();
    api.post("/api/v1/agents", &json!({ "name": "" })).is(422);
    server.pass(Days(2));
    api.get(&format!("/api/v1/agents/{agent}")).is(200);
    rows(&server, &api.account, 3);
    browser.sign_in(PASSWORD).is(303);
    let mut shown = |query: &str| {
        let page = browser.get(&format!("/settings/activity{query}")).is(200).text;
        (page.matches("data-label=\"Status\"").count(), page.contains("No requests found"))
    };
    let day = |offset: i64| server.now().plus_ms(offset * 86_400_000).to_string()[..10].to_owned();
    for (query, expected) in [
        (String::new(), (3, false)),
        ("?method=POST".into(), (2, false)),
        ("?status=refused".into(), (1, false)),
        ("?status=failed".into(), (0, true)),
        (format!("?path={agent}"), (1, false)),
        (format!("?from={}", day(0)), (1, false)),
        (format!("?to={}", day(-1)), (2, false)),
        (format!("?from={}&to={}&method=POST&status=answered", day(-2), day(-2)), (1, false)),
        ("?method=BREW&status=x&from=yesterday&key=key_a1b2c3d4e5&after=x".into(), (3, false)),
    ] {
        assert_eq!(shown(&query), expected, "{query}");
    }
    let key = server.database().query_row("SELECT api_key FROM api_requests LIMIT 1", [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(shown(&format!("?key={key}&method=GET")), (1, false));
}
