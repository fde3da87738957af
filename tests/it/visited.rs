//! What is kept of the addresses of visitors' pages: nothing that the agent's owner did not name.

use serde_json::{Value, json};

use crate::browser::signed_in;
use crate::server::TestServer;
use crate::visitor::Visitor;

const PAGE: &str = "https://x.test/reset?token=SECRET1&utm_source=news&gclid=7&utm_term=a;sid=SECRET2#access_token=SECRET3";
const REFERRER: &str = "https://y.test/?q=SECRET4&UTM_Medium=mail#SECRET5";

fn open(server: &TestServer, agent: &str) -> Visitor {
    Visitor::open(&server.client(), json!({ "agent_id": agent, "page_url": PAGE, "referrer": REFERRER }))
}

/// The readable part of a session's token.
fn claims(visitor: &Visitor) -> String {
    use base64::Engine;
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    visitor.session.split('.').map(|text| String::from_utf8_lossy(&part(text)).into_owned()).collect()
}

#[test]
fn tokens_in_the_address_of_a_page_are_kept_nowhere() {
    let server = TestServer::start();
    let receiver = server.receiver();
    let agent = server.agent(&json!({ "name": "Ada" }));
    let visitor = open(&server, &agent);
    let kept = "https://x.test/reset?utm_source=news&utm_term=a";
    assert!(claims(&visitor).contains(kept) && !claims(&visitor).contains("SECRET"), "{}", claims(&visitor));
    assert!(!visitor.booted.to_string().contains("page_parameters"), "{}", visitor.booted);
    visitor.ask("Call me: jane@example.com");
    visitor.close().is(200);
    let conversation = &server.conversations(&agent)[0];
    assert_eq!((&conversation["page_url"], &server.leads(&agent)[0]["page_url"]), (&json!(kept), &json!(kept)));
    let told: Vec<Value> = (0..3).map(|_| receiver.next().json).collect();
    assert!(!format!("{told:?}").contains("SECRET"), "{told:?}");
    let file = server.with("accept", "text/csv").get(&format!("/api/v1/agents/{agent}/leads")).is(200).text;
    assert!(file.contains(kept) && !file.contains("SECRET"), "{file}");
    let referrer: String = server.database().query_row("SELECT referrer FROM conversations", [], |row| row.get(0)).unwrap();
    assert_eq!(referrer, "https://y.test/?UTM_Medium=mail");
}

#[test]
fn an_agents_owner_says_which_parameters_are_kept() {
    let server = TestServer::start();
    for (parameters, query) in [
        (json!([]), ""),
        (json!(["gclid"]), "?gclid=7"),
        (json!(["utm_source", "GCL*"]), "?utm_source=news&gclid=7"),
        (json!(["utm_*", "gclid", "gclid"]), "?utm_source=news&gclid=7&utm_term=a"),
    ] {
        let agent = server.agent(&json!({ "name": "Ada", "appearance": { "page_parameters": parameters } }));
        open(&server, &agent).ask("Hello");
        assert_eq!(server.conversations(&agent)[0]["page_url"], format!("https://x.test/reset{query}"), "{parameters}");
        let exported = server.cli(&["agent", "export", &agent]).is(0).stdout;
        let exported: Value = serde_json::from_str(&exported).unwrap();
        assert_eq!(
            exported["agent"]["appearance"]["page_parameters"],
            server.get(&format!("/api/v1/agents/{agent}")).json["appearance"]["page_parameters"]
        );
    }
    for wrong in [json!(["*"]), json!(["a=b"]), json!(vec!["p"; 21]), json!("utm_*"), json!([1]), Value::Null] {
        let body = json!({ "name": "Ada", "appearance": { "page_parameters": wrong } });
        server.post("/api/v1/agents", &body).fails(422, "validation_error");
    }
}

#[test]
fn a_session_that_is_older_than_the_setting_names_no_more_than_it_allows() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "Ada" }));
    let visitor = open(&server, &agent);
    server.put(&format!("/api/v1/agents/{agent}"), &json!({ "appearance": { "page_parameters": [] } })).is(200);
    visitor.ask("Hello");
    assert_eq!(server.conversations(&agent)[0]["page_url"], "https://x.test/reset");
}

#[test]
fn the_page_of_an_agent_sets_what_is_kept() {
    let (server, mut browser) = signed_in();
    let account: String = server.database().query_row("SELECT id FROM accounts", [], |row| row.get(0)).unwrap();
    let api = server.api_of(&account);
    let agent = api.agent(&json!({ "name": "Ada" }));
    let page = browser.get(&format!("/agents/{agent}")).is(200).text;
    assert!(page.contains("name=\"page_parameters\"") && page.contains(">utm_*</textarea>"), "{page}");
    let form = |kept| {
        [
            ("position", "right"),
            ("theme", "auto"),
            ("proactive_after_seconds", "0"),
            ("lead_fields", "email"),
            ("lead_rule", "when_needed"),
            ("lead_after_messages", "3"),
            ("page_parameters", kept),
        ]
    };
    let path = format!("/agents/{agent}/appearance");
    browser.submit(&path, &form("gclid\r\n\r\nref*")).is(303);
    assert_eq!(api.get(&format!("/api/v1/agents/{agent}")).json["appearance"]["page_parameters"], json!(["gclid", "ref*"]));
    let refused = browser.submit(&path, &form("a=b")).is(422).text;
    assert!(refused.contains("must be a parameter name") && refused.contains(">a=b</textarea>"), "{refused}");
}
