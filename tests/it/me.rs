//! `GET /me`.

use chatforge::domain::account::Permission;
use serde_json::json;

use crate::server::{START, TestServer};

#[test]
fn me_shows_the_key_and_its_account() {
    let server = TestServer::start();
    server.set_plan("growth");
    let me = server.get("/api/v1/me").is(200);
    let expected = json!({
        "account_id": server.account,
        "email": "owner@example.com",
        "plan": "growth",
        "key_prefix": format!("{}...{}", &server.key[..8], &server.key[38..]),
        "key_name": "Production",
        "created_at": START,
        "permissions": ["agents:read", "agents:write", "conversations:read", "leads:read", "analytics:read", "webhooks:manage"],
        "rate_limit": { "requests_per_minute": 1000, "remaining": 999 },
    });
    assert_eq!(me.json, expected);
    assert!(!me.text.contains(&server.key));
}

#[test]
fn me_needs_no_permission_and_shows_those_that_the_key_has() {
    let server = TestServer::start();
    let key = server.create_key(&server, "CRM", &[Permission::LeadsRead]);
    let me = server.with_key(&key).get("/api/v1/me").is(200).json;
    assert_eq!((&me["permissions"], &me["key_name"]), (&json!(["leads:read"]), &json!("CRM")));
}

#[test]
fn the_remaining_requests_are_those_of_the_header() {
    let server = TestServer::start();
    server.set_plan("starter");
    server.get("/api/v1/agents").is(200);
    let me = server.get("/api/v1/me").is(200);
    assert_eq!(me.json["rate_limit"], json!({ "requests_per_minute": 100, "remaining": 98 }));
    assert_eq!((me.header("x-ratelimit-limit"), me.header("x-ratelimit-remaining")), ("100", "98"));
}
