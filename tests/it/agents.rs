//! Agents over the API: created, listed, shown, changed, deactivated, activated.

use serde_json::{Value, json};

use crate::appearance;
use crate::http::Reply;
use crate::server::Span::{Minutes, Seconds};
use crate::server::{START, TestServer};

const AGENTS: &str = "/api/v1/agents";

fn embed_code(server: &TestServer, id: &str) -> String {
    format!("<script src=\"{}/widget.js\" data-agent=\"{id}\"></script>", server.base)
}

#[test]
fn a_new_agent_is_answered_with_all_that_it_is() {
    let server = TestServer::start();
    let knowledge = "We sell premium widgets. Pricing starts at $49/mo...";
    let body = json!({ "name": "Sales Assistant", "greeting": "Hello!", "knowledge_base": knowledge, "color": "#10B981" });
    let created = server.post(AGENTS, &body).is(201);
    let id = created.id();
    let expected = json!({
        "id": id,
        "name": "Sales Assistant",
        "greeting": "Hello!",
        "color": "#10b981",
        "status": "active",
        "knowledge_base": true,
        "knowledge_size_bytes": knowledge.len(),
        "conversations_count": 0,
        "leads_count": 0,
        "avg_response_time_ms": null,
        "embed_code": embed_code(&server, &id),
        "allowed_domains": [],
        "answering": { "instructions": "", "tone": "neutral", "caution": "normal", "model": "on", "ask_unmatched": false },
        "appearance": appearance::default(),
        "created_at": START,
        "updated_at": START,
    });
    assert_eq!(created.json, expected);
    assert_eq!(created.header("location"), format!("{AGENTS}/{id}"));
    assert_eq!(server.get(created.header("location")).is(200).json, expected);
    assert!(id.strip_prefix("agt_").unwrap().chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) && id.len() == 14);
}

#[test]
fn a_name_is_all_that_an_agent_needs() {
    let server = TestServer::start();
    let agent = server.post(AGENTS, &json!({ "name": "  Support Bot\t" })).is(201).json;
    assert_eq!(agent["name"], "Support Bot");
    assert_eq!(agent["greeting"], "Hi! How can I help you today?");
    assert_eq!((&agent["color"], &agent["knowledge_base"]), (&json!("#6366f1"), &json!(false)));
}

#[test]
fn agents_are_listed_newest_first() {
    let server = TestServer::start();
    let first = server.agent(&json!({ "name": "First" }));
    server.pass(Seconds(1));
    let second = server.agent(&json!({ "name": "Second", "knowledge_base": "Something." }));
    let list = server.get(AGENTS).is(200).json;
    let expected = json!({
        "agents": [
            {
                "id": second, "name": "Second", "greeting": "Hi! How can I help you today?", "color": "#6366f1",
                "status": "active", "conversations_count": 0, "leads_count": 0, "knowledge_base": true,
                "created_at": "2026-03-26T10:00:01Z", "updated_at": "2026-03-26T10:00:01Z",
            },
            {
                "id": first, "name": "First", "greeting": "Hi! How can I help you today?", "color": "#6366f1",
                "status": "active", "conversations_count": 0, "leads_count": 0, "knowledge_base": false,
                "created_at": START, "updated_at": START,
            },
        ],
        "total": 2,
    });
    assert_eq!(list, expected);
}

#[test]
fn an_account_sees_its_own_agents_only() {
    let server = TestServer::start();
    server.agent(&json!({ "name": "Mine" }));
    let stranger = server.sign_up("stranger@example.com");
    assert_eq!(stranger.get(AGENTS).is(200).json, json!({ "agents": [], "total": 0 }));
}

#[test]
fn a10_a_name_has_1_to_100_characters() {
    let server = TestServer::start();
    for name in ["x".to_owned(), "😀".repeat(100), "x".repeat(100)] {
        assert_eq!(server.post(AGENTS, &json!({ "name": name })).is(201).json["name"], name);
    }
    for name in [String::new(), "   ".into(), "x".repeat(101), "😀".repeat(101), "👩‍👩‍👧‍👦".repeat(100)] {
        let refused = server.post(AGENTS, &json!({ "name": name })).fails(422, "validation_error");
        assert_eq!(refused.refused(), ["name"]);
    }
    assert_eq!(server.get(AGENTS).json["total"], 3);
}

#[test]
fn a05_control_characters_in_a_name_are_refused() {
    let server = TestServer::start();
    for name in ["a\0b", "a\u{7}b", "a\nb"] {
        server.post(AGENTS, &json!({ "name": name })).fails(422, "validation_error");
    }
    assert_eq!(server.get(AGENTS).json["total"], 0);
}

#[test]
fn a_missing_or_null_name_is_a_bad_request() {
    let server = TestServer::start();
    for body in [json!({}), json!({ "name": null }), json!({ "greeting": "Hello!" })] {
        assert_eq!(server.post(AGENTS, &body).fails(400, "bad_request").refused(), ["name"]);
    }
    assert_eq!(server.get(AGENTS).json["total"], 0);
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let server = TestServer::start();
    let body =
        json!({ "name": 5, "greeting": "", "color": "red", "knowledge_base": [], "allowed_domains": ["a b", "ok.com", 1] });
    let refused = server.post(AGENTS, &body).fails(422, "validation_error");
    assert_eq!(refused.refused(), ["name", "greeting", "color", "allowed_domains[0]", "allowed_domains[2]", "knowledge_base"]);
    assert!(refused.json["error"]["details"].as_array().unwrap().iter().all(|d| !d["message"].as_str().unwrap().is_empty()));
}

#[test]
fn a_greeting_has_1_to_1000_characters() {
    let server = TestServer::start();
    for greeting in ["é".repeat(1_000), "Hi!\nWelcome.".into()] {
        assert_eq!(server.post(AGENTS, &json!({ "name": "A", "greeting": greeting })).is(201).json["greeting"], greeting);
    }
    for greeting in [json!(""), json!("é".repeat(1_001)), json!(null), json!(7)] {
        let refused = server.post(AGENTS, &json!({ "name": "A", "greeting": greeting })).fails(422, "validation_error");
        assert_eq!(refused.refused(), ["greeting"]);
    }
}

#[test]
fn a13_a_colour_is_kept_in_six_lower_case_digits() {
    let server = TestServer::start();
    for (sent, kept) in [("#6366F1", "#6366f1"), ("#Abc", "#aabbcc"), ("#000", "#000000")] {
        assert_eq!(server.post(AGENTS, &json!({ "name": "A", "color": sent })).is(201).json["color"], kept);
    }
    for color in [json!("#12"), json!("red"), json!("#6366f1;background:url(//x)"), json!("#GGGGGG"), json!(123_456), json!(null)]
    {
        let refused = server.post(AGENTS, &json!({ "name": "A", "color": color })).fails(422, "validation_error");
        assert_eq!(refused.refused(), ["color"], "{color}");
    }
}

#[test]
fn a11_knowledge_of_50000_characters_fits_however_it_is_written() {
    let server = TestServer::start();
    let raw = |count: usize| format!("{{\"name\":\"A\",\"knowledge_base\":\"{}\"}}", "😀".repeat(count));
    let escaped = |count: usize| format!("{{\"name\":\"A\",\"knowledge_base\":\"{}\"}}", "\\ud83d\\ude00".repeat(count));
    for body in [raw(50_000), escaped(50_000)] {
        let agent = server.json("POST", AGENTS, body.as_bytes()).is(201).json;
        assert_eq!(agent["knowledge_size_bytes"], 200_000);
    }
    for body in [raw(50_001), escaped(50_001)] {
        let refused = server.json("POST", AGENTS, body.as_bytes()).fails(422, "validation_error");
        assert_eq!(refused.refused(), ["knowledge_base"]);
    }
    assert_eq!(server.get(AGENTS).json["total"], 2);
}

#[test]
fn a14_nobody_sets_what_is_not_theirs_to_set() {
    let server = TestServer::start();
    let wishes = json!({
        "name": "A", "id": "agt_a1b2c3d4e5", "account_id": "acc_a1b2c3d4e5", "status": "deactivated", "conversations_count": 9,
        "leads_count": 9, "created_at": "2020-01-01T00:00:00Z", "knowledge_size_bytes": 9, "wish": true,
    });
    let agent = server.post(AGENTS, &wishes).is(201).json;
    let id = agent["id"].as_str().unwrap();
    assert_ne!(id, "agt_a1b2c3d4e5");
    assert_eq!(
        (&agent["status"], &agent["conversations_count"], &agent["created_at"]),
        (&json!("active"), &json!(0), &json!(START))
    );
    let changed = server.put(&format!("{AGENTS}/{id}"), &wishes).is(200).json;
    assert_eq!((&changed["id"], &changed["status"], &changed["leads_count"]), (&json!(id), &json!("active"), &json!(0)));
    assert_eq!(server.count("SELECT count(*) FROM agents"), 1);
}

#[test]
fn a15_a_key_that_stands_twice_is_a_bad_request() {
    let server = TestServer::start();
    server.json("POST", AGENTS, br#"{"name":"a","name":"b"}"#).fails(400, "bad_request");
    assert_eq!(server.get(AGENTS).json["total"], 0);
}

#[test]
fn a16_put_changes_what_it_names_and_nothing_else() {
    let server = TestServer::start();
    let id = server.agent(&json!({ "name": "Before", "greeting": "Hello!", "knowledge_base": "Old." }));
    let path = format!("{AGENTS}/{id}");
    let before = server.get(&path).json;
    server.pass(Minutes(1));
    assert_eq!(server.put(&path, &json!({})).is(200).json, before);
    for field in ["name", "greeting", "color", "knowledge_base", "allowed_domains", "appearance"] {
        assert_eq!(server.put(&path, &json!({ field: null })).fails(422, "validation_error").refused(), [field]);
    }
    assert_eq!(server.get(&path).json, before);
    let changed = server.put(&path, &json!({ "color": "#FFF" })).is(200).json;
    let mut expected = before;
    expected["color"] = "#ffffff".into();
    expected["updated_at"] = "2026-03-26T10:01:00Z".into();
    assert_eq!(changed, expected);
}

#[test]
fn what_get_gave_can_be_put_back() {
    let server = TestServer::start();
    let body = json!({ "name": "A", "allowed_domains": ["example.com"], "knowledge_base": "We open at nine." });
    let path = format!("{AGENTS}/{}", server.agent(&body));
    let before = server.get(&path).json;
    let after = server.put(&path, &before).is(200).json;
    let without_time = |mut agent: Value| {
        agent.as_object_mut().unwrap().remove("updated_at");
        agent
    };
    assert_eq!(without_time(after), without_time(before));
    assert_eq!(server.get(&format!("{path}/knowledge")).json["total"], 1);
}

#[test]
fn a24_allowed_domains_are_host_names() {
    let server = TestServer::start();
    let allowed = |domains: Value| server.post(AGENTS, &json!({ "name": "A", "allowed_domains": domains }));
    let kept = allowed(json!(["Example.COM", "*.example.com", "bücher.de", "example.com"])).is(201).json;
    assert_eq!(kept["allowed_domains"], json!(["example.com", "*.example.com", "xn--bcher-kva.de"]));
    allowed(json!(["localhost", "127.0.0.1", "intranet", "*.shop.example.co.uk", "me.github.io"])).is(201);
    let refused = allowed(json!(["example.com", "*.co.uk"])).fails(422, "validation_error");
    assert!(
        refused.text.contains("must be your own domain such as example.com; anyone can register a name under co.uk"),
        "{refused:?}"
    );
    let many = |count: usize| json!((0..count).map(|n| format!("site-{n}.example.com")).collect::<Vec<_>>());
    allowed(many(100)).is(201);
    let wrong =
        [json!(["https://x.com/a"]), json!(["*"]), json!(["ex ample.com"]), json!(["example.com."]), json!([""]), json!("a.com")];
    let public = ["com", "*.com", "co.uk", "*.co.uk", "github.io", "*.github.io"].map(|domain| json!([domain]));
    for domains in wrong.into_iter().chain(public).chain([many(101), many(1_000)]) {
        let refused = allowed(domains).fails(422, "validation_error");
        assert!(refused.refused().iter().all(|field| field.starts_with("allowed_domains")), "{}", refused.text);
    }
}

#[test]
fn deactivating_twice_keeps_the_first_time() {
    let server = TestServer::start();
    let id = server.agent(&json!({ "name": "A" }));
    let path = format!("{AGENTS}/{id}");
    server.pass(Minutes(1));
    let expected = json!({ "id": id, "status": "deactivated", "deactivated_at": "2026-03-26T10:01:00Z" });
    assert_eq!(server.delete(&path).is(200).json, expected);
    server.pass(Minutes(1));
    assert_eq!(server.delete(&path).is(200).json, expected);
}

#[test]
fn a_deactivated_agent_stops_answering_at_once_and_stays_listed() {
    let server = TestServer::start();
    let id = server.agent(&json!({ "name": "A" }));
    let visitor = server.visitor(&id);
    visitor.ask("Hello");
    server.delete(&format!("{AGENTS}/{id}")).is(200);
    visitor.say("Are you there?").fails(404, "agent_not_found");
    server.client().post("/widget/v1/boot", &json!({ "agent_id": id })).fails(404, "agent_not_found");
    assert_eq!(server.get(AGENTS).json["agents"][0]["status"], "deactivated");
    assert_eq!(server.conversations(&id)[0]["messages_count"], 3);
}

#[test]
fn an_activated_agent_answers_again() {
    let server = TestServer::start();
    let id = server.agent(&json!({ "name": "A" }));
    let path = format!("{AGENTS}/{id}");
    server.delete(&path).is(200);
    let activated = server.send("POST", &format!("{path}/activate"), None).is(200);
    assert_eq!(activated.json["status"], "active");
    server.visitor(&id).ask("Hello");
    assert_eq!(server.send("POST", &format!("{path}/activate"), None).is(200).json["status"], "active");
}

#[test]
fn a_plan_limits_the_active_agents() {
    let server = TestServer::start();
    server.set_plan("free");
    let first = server.agent(&json!({ "name": "First" }));
    server.post(AGENTS, &json!({ "name": "Second" })).fails(403, "plan_limit_reached");
    server.delete(&format!("{AGENTS}/{first}")).is(200);
    server.agent(&json!({ "name": "Second" }));
    server.send("POST", &format!("{AGENTS}/{first}/activate"), None).fails(403, "plan_limit_reached");
    assert_eq!(server.get(AGENTS).json["total"], 2);
    assert_eq!(server.count("SELECT count(*) FROM agents WHERE deactivated_at IS NULL"), 1);
}

#[test]
fn a_smaller_plan_leaves_the_agents_that_are_there() {
    let server = TestServer::start();
    let ids = ["A", "B"].map(|name| server.agent(&json!({ "name": name })));
    server.set_plan("free");
    for id in &ids {
        server.visitor(id).ask("Hello");
        server.put(&format!("{AGENTS}/{id}"), &json!({ "color": "#fff" })).is(200);
    }
    server.post(AGENTS, &json!({ "name": "C" })).fails(403, "plan_limit_reached");
}

#[test]
fn answers_are_timed_and_counted_on_their_agent() {
    let server = TestServer::start();
    let id = server.agent(&json!({ "name": "A" }));
    server.visitor(&id).ask("Write to jane@example.com please");
    let agent: Reply = server.get(&format!("{AGENTS}/{id}")).is(200);
    assert_eq!((&agent.json["conversations_count"], &agent.json["leads_count"]), (&json!(1), &json!(1)));
    assert!(agent.json["avg_response_time_ms"].is_i64(), "{}", agent.text);
}
