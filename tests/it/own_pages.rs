//! Which pages count as this server's own, and which name and address count as this machine's.

use serde_json::{Value, json};

use crate::browser::{PASSWORD, between, own_api, signed_in};
use crate::http::{Client, Reply};
use crate::server::TestServer;

/// An agent for one website only.
fn restricted(server: &TestServer) -> String {
    server.agent(&json!({ "name": "A", "allowed_domains": ["example.com"] }))
}

fn boot(client: &Client, agent: &str) -> Reply {
    client.post("/widget/v1/boot", &json!({ "agent_id": agent }))
}

/// As a browser that shows a page of `host` asks the same host.
fn page_of(server: &TestServer, host: &str) -> Client {
    let port = server.base.rsplit(':').next().unwrap();
    server.client().with("host", &format!("{host}:{port}")).with("origin", &format!("http://{host}:{port}"))
}

#[test]
fn a_name_that_somebody_made_to_lead_here_is_no_page_of_ours() {
    let server = TestServer::start();
    let agent = restricted(&server);
    for foreign in ["evil.example", "rebind.attacker.test", "localhost.evil.example", "127.0.0.1.nip.io", "a.b.c", "8.8.8.8"] {
        boot(&page_of(&server, foreign), &agent).fails(403, "domain_not_allowed");
    }
    for near in ["127.0.0.1", "localhost", "LOCALHOST", "192.168.1.5", "10.0.0.7", "[::1]", "[fd00::5]", "nas", "nas.local"] {
        boot(&page_of(&server, near), &agent).is(200);
    }
    // A page of one name that asks another is none of ours, wherever it is.
    let other = page_of(&server, "192.168.1.5").with("origin", "http://192.168.1.6");
    boot(&other, &agent).fails(403, "domain_not_allowed");
    assert!(server.events("agent.installed").is_empty());
}

#[test]
fn a_server_that_listens_everywhere_may_be_opened_by_any_address_but_not_by_any_name() {
    let server = TestServer::start_with(|config| config.server.listen = "0.0.0.0:0".into());
    let agent = restricted(&server);
    boot(&page_of(&server, "203.0.113.9"), &agent).is(200);
    boot(&page_of(&server, "evil.example"), &agent).fails(403, "domain_not_allowed");
}

#[test]
fn the_public_address_is_ours_whatever_the_host_says() {
    let server = TestServer::start_with(|config| config.server.public_url = "https://chat.example.net".into());
    let agent = restricted(&server);
    boot(&server.client().with("origin", "https://chat.example.net"), &agent).is(200);
    for foreign in ["http://chat.example.net", "https://chat.example.net:444", "https://x.chat.example.net"] {
        boot(&server.client().with("origin", foreign), &agent).fails(403, "domain_not_allowed");
    }
}

#[test]
fn forms_are_taken_from_the_address_that_the_dashboard_was_opened_by() {
    let (server, browser) = signed_in();
    let client = browser.client.without("sec-fetch-site");
    let page = client.get("/settings").is(200).text;
    let token = between(&page, "name=\"csrf\" value=\"", "\"").unwrap().to_owned();
    let port = server.base.rsplit(':').next().unwrap();
    let send = |host: &str| {
        let client = client.with("host", &format!("{host}:{port}")).with("origin", &format!("http://{host}:{port}"));
        client.form("/settings", &[("csrf", &token), ("name", "Jane")]).status
    };
    assert_eq!(["192.168.1.5", "127.0.0.1", "localhost", "nas", "nas.local"].map(send), [303; 5]);
    assert_eq!(["evil.example", "chat.example.com"].map(send), [403; 2]);
    let _ = own_api(&server);
    // Nor is the password to be guessed from such a page.
    let login = server.client().get("/login").is(200).text;
    let csrf = between(&login, "name=\"csrf\" value=\"", "\"").unwrap().to_owned();
    let fields = [("csrf", csrf.as_str()), ("email", "owner@example.com"), ("password", PASSWORD)];
    page_of(&server, "evil.example").form("/login", &fields).is(403);
}

#[test]
fn the_demo_page_opens_no_agent_that_is_for_some_websites_only() {
    let server = TestServer::start_with(|config| config.demo = true);
    let (open, closed) = (server.agent(&json!({ "name": "A" })), restricted(&server));
    let demo = format!("/demo/{open}");
    assert!(server.client().get(&demo).is(200).text.contains(&open));
    let from = |path: &str| server.client().with("origin", &server.base).with("referer", &format!("{}{path}", server.base));
    boot(&from(&demo), &open).is(200);
    boot(&from(&demo), &closed).fails(403, "domain_not_allowed");
    boot(&from(&format!("/demo/{closed}")), &closed).fails(403, "domain_not_allowed");
    boot(&from(&format!("/preview/{closed}")), &closed).is(200);
    assert!(server.events("agent.installed").is_empty());
}

#[test]
fn there_is_no_demo_page_outside_a_demo() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A" }));
    server.client().get(&format!("/demo/{agent}")).is(404);
}

#[test]
fn strangers_are_told_whether_it_is_ready_and_nothing_else() {
    let server = TestServer::start_with(|config| config.server.trusted_proxies = vec!["127.0.0.1".into()]);
    let names = |client: &Client| -> Vec<String> {
        let ready: Value = client.get("/readyz").is(200).json;
        ready.as_object().unwrap().keys().cloned().collect()
    };
    let all = ["status", "database", "disk", "webhooks", "agents_learning", "stopping", "version"];
    let stranger = server.client().with("x-forwarded-for", "203.0.113.7");
    assert_eq!(names(&server.client()), all);
    assert_eq!(names(&stranger), all[..3]);
    // Whoever speaks for others may be anywhere, whatever they say of themselves.
    for (name, value) in
        [("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=127.0.0.1"), ("x-real-ip", "127.0.0.1"), ("via", "1.1 a")]
    {
        assert_eq!(names(&server.client().with(name, value)), all[..3], "{name}");
    }
    assert_eq!(names(&server.client().with("host", "evil.example")), all[..3]);
    let with_key = |key: &str| names(&stranger.with("authorization", &format!("Bearer {key}")));
    assert_eq!(with_key(&server.key), all);
    assert_eq!(with_key("cfk_"), all[..3]);
    assert_eq!(with_key(&chatforge::auth::key::generate(&chatforge::world::World::machine(0))), all[..3]);
}

#[test]
fn strangers_are_told_which_part_of_the_machine_failed() {
    let server = TestServer::start_with(|config| config.server.disk_free_min_mb = u64::MAX);
    let refused = server.client().with("x-forwarded-for", "203.0.113.7").get("/readyz").is(503);
    assert_eq!(refused.json, json!({ "status": "unavailable", "database": true, "disk": false }));
    assert!(refused.number("retry-after") > 0);
}

#[test]
fn an_export_is_for_whom_the_dashboard_led_to_it() {
    let (server, browser) = signed_in();
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "A" }));
    server.visitor(&agent).ask("I am jane@example.com");
    let conversation = server.conversations_of(&api, &agent);
    let exports = [
        "/leads/export".to_owned(),
        format!("/conversations/{conversation}/export?format=text"),
        format!("/agents/{agent}/export"),
        "/settings/audit/export".into(),
        "/settings/backups/none.db".into(),
    ];
    let exported = "SELECT count(*) FROM audit_log WHERE action LIKE '%.exported'";
    for path in &exports {
        for site in ["cross-site", "same-site"] {
            let page = browser.client.with("sec-fetch-site", site).get(path).is(403);
            assert!(page.text.contains("Another website led here.") && page.header("content-disposition").is_empty(), "{path}");
        }
    }
    server.store_settles();
    assert_eq!(server.count(exported), 0);
    for path in &exports[..4] {
        for client in
            [browser.client.with("sec-fetch-site", "none"), browser.client.without("sec-fetch-site"), browser.client.clone()]
        {
            assert!(!client.get(path).is(200).header("content-disposition").is_empty(), "{path}");
        }
    }
    assert_eq!(server.count(exported), 12);
    // Other pages may be led to.
    browser.client.with("sec-fetch-site", "cross-site").get("/leads").is(200);
}
