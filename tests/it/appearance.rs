//! How an agent's widget looks and behaves: set by the API, served to the widget.

use serde_json::{Value, json};

use crate::http::Reply;
use crate::server::TestServer;

pub fn default() -> Value {
    json!({
        "position": "auto",
        "offset_x": 20,
        "offset_y": 20,
        "theme": "auto",
        "launcher_text": "",
        "suggestions": [],
        "disclosure": true,
        "proactive_after_seconds": 0,
        "hide_on": [],
        "page_parameters": ["utm_*"],
        "lead_fields": ["name", "email", "phone", "company", "message"],
        "lead_rule": "when_needed",
        "lead_after_messages": 3,
        "consent_text": "",
        "consent_url": "",
        "texts": {},
    })
}

fn boot(server: &TestServer, agent: &str) -> Reply {
    server.client().post("/widget/v1/boot", &json!({ "agent_id": agent })).is(200)
}

#[test]
fn what_an_agent_is_created_with_reaches_its_widget() {
    let server = TestServer::start();
    let look = json!({
        "position": "left",
        "offset_x": 0,
        "offset_y": 200,
        "theme": "dark",
        "launcher_text": " Ask us ",
        "suggestions": ["Are you open?"],
        "disclosure": false,
        "proactive_after_seconds": 20,
        "hide_on": ["/checkout/*"],
        "page_parameters": ["gclid", "utm_*"],
        "lead_fields": ["email"],
        "lead_rule": "after_messages",
        "lead_after_messages": 2,
        "consent_text": "We only answer you.",
        "consent_url": "https://example.com/privacy",
        "texts": { "de": { "placeholder": "Ihre Frage" } },
    });
    let created = server.post("/api/v1/agents", &json!({ "name": "A", "appearance": look })).is(201);
    let mut expected = look.clone();
    expected["launcher_text"] = "Ask us".into();
    assert_eq!(created.json["appearance"], expected);
    let agent = boot(&server, &created.id()).json["agent"].clone();
    for field in expected.as_object().unwrap().keys().filter(|field| field.as_str() == "texts" || agent.get(field).is_some()) {
        assert_eq!(agent[field], expected[field], "{field}");
    }
    let form = json!({
        "fields": ["email"],
        "rule": "after_messages",
        "after_messages": 2,
        "consent_text": "We only answer you.",
        "consent_url": "https://example.com/privacy",
    });
    assert_eq!(agent["lead_form"], form);
}

#[test]
fn a_change_touches_only_the_fields_it_names() {
    let server = TestServer::start();
    let id = server.agent(&json!({ "name": "A", "appearance": { "suggestions": ["One?"] } }));
    let path = format!("/api/v1/agents/{id}");
    let changed = server.put(&path, &json!({ "appearance": { "theme": "light" } })).is(200).json;
    let mut expected = default();
    expected["suggestions"] = json!(["One?"]);
    expected["theme"] = "light".into();
    assert_eq!(changed["appearance"], expected);
    assert_eq!(server.put(&path, &json!({ "name": "B" })).is(200).json["appearance"], expected);
}

#[test]
fn every_wrong_field_is_named_and_nothing_changes() {
    let server = TestServer::start();
    let id = server.agent(&json!({ "name": "A" }));
    let path = format!("/api/v1/agents/{id}");
    let before = server.get(&path).json;
    let refused = |look: Value| {
        let reply = server.put(&path, &json!({ "name": "Other", "appearance": look })).fails(422, "validation_error");
        reply.refused().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(refused(json!("dark")), ["appearance"]);
    assert_eq!(refused(json!({ "theme": "blue", "lead_fields": ["name"] })), ["appearance.theme", "appearance.lead_fields"]);
    assert_eq!(refused(json!({ "texts": { "en": { "nosuch": "x" } } })), ["appearance.texts.en.nosuch"]);
    assert_eq!(
        refused(json!({ "hide_on": ["no slash"], "suggestions": null })),
        ["appearance.suggestions", "appearance.hide_on[0]"]
    );
    assert_eq!(server.get(&path).json, before);
    let body = json!({ "agents": [{ "name": "A" }, { "name": "B", "appearance": { "position": "top" } }] });
    let bulk = server.post("/api/v1/agents/bulk", &body).is(201).json;
    assert_eq!(bulk["errors"][0]["details"][0]["field"], "agents[1].appearance.position");
}

#[test]
fn languages_are_files_of_their_own() {
    let server = TestServer::start();
    let german = server.client().get("/widget/locale-de.json").is(200);
    assert!(german.header("content-type").starts_with("application/json"), "{}", german.header("content-type"));
    assert_eq!(german.header("access-control-allow-origin"), "*");
    assert_eq!(german.json["send"], "Nachricht senden");
    for missing in ["locale-xx.json", "locale-en.json", "locale-..%2Fwidget.js", "widget.js"] {
        server.client().get(&format!("/widget/{missing}")).is(404);
    }
}
