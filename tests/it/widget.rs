//! The widget's wire: what a website's visitors do.

use serde_json::{Value, json};

use crate::http::Reply;
use crate::server::Span::{Days, Minutes, Seconds};
use crate::server::TestServer;
use crate::visitor::Visitor;

const FAQ: &str = "Q: What are your opening hours?\nA: We are open from 9:00 to 17:00 on weekdays.\n\n\
                   Q: How much is a check-up?\nA: A check-up is $129 with X-rays and cleaning.";

pub fn with_agent() -> (TestServer, String) {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "Sales Assistant", "greeting": "Welcome!", "color": "#10b981" }));
    server.teach(&agent, "faq", FAQ);
    (server, agent)
}

fn boot_from(server: &TestServer, agent: &str, origin: &str) -> Reply {
    server.client().with("origin", origin).post("/widget/v1/boot", &json!({ "agent_id": agent }))
}

#[test]
fn boot_shows_the_agent_and_opens_a_session() {
    let (server, agent) = with_agent();
    let booted = server.client().post("/widget/v1/boot", &json!({ "agent_id": agent })).is(200).json;
    for (field, value) in [("id", agent.as_str()), ("name", "Sales Assistant"), ("greeting", "Welcome!"), ("color", "#10b981")] {
        assert_eq!(booted["agent"][field], value);
    }
    assert_eq!((&booted["conversation_id"], &booted["history"]), (&Value::Null, &json!([])));
    assert!(booted["visitor_id"].as_str().unwrap().starts_with("vis_"));
    assert!(booted["agent"]["lead_form"]["fields"].as_array().unwrap().contains(&json!("email")));
    assert_eq!(server.count("SELECT count(*) FROM conversations"), 0);
}

#[test]
fn h06_an_unknown_agent_cannot_be_told_from_a_deactivated_one() {
    let (server, agent) = with_agent();
    server.delete(&format!("/api/v1/agents/{agent}")).is(200);
    let boot = |id: &str| server.client().post("/widget/v1/boot", &json!({ "agent_id": id })).fails(404, "agent_not_found").text;
    for id in ["agt_a1b2c3d4e5", "agt_", "nonsense"] {
        assert_eq!(boot(id), boot(&agent), "{id}");
    }
    let boot = |body: &Value| server.client().post("/widget/v1/boot", body);
    boot(&json!({})).fails(400, "bad_request");
    boot(&json!({ "agent_id": 5 })).fails(422, "validation_error");
    boot(&json!([])).fails(400, "bad_request");
}

#[test]
fn h04_a_foreign_website_may_not_use_the_agent() {
    let (server, agent) = with_agent();
    server.put(&format!("/api/v1/agents/{agent}"), &json!({ "allowed_domains": ["example.com", "*.shop.example"] })).is(200);
    for origin in ["https://example.com", "http://EXAMPLE.com:8080", "https://www.shop.example", "https://a.b.shop.example"] {
        boot_from(&server, &agent, origin).is(200);
    }
    let foreign = ["https://evil.com", "https://example.com.evil.com", "https://evilexample.com", "https://www.example.com"];
    for origin in foreign.into_iter().chain(["https://shop.example", "https://evilshop.example", "null", "example.com", ""]) {
        boot_from(&server, &agent, origin).fails(403, "domain_not_allowed");
    }
    let body = json!({ "agent_id": agent, "page_url": "https://example.com/" });
    server.client().post("/widget/v1/boot", &body).fails(403, "domain_not_allowed");
    server.client().with("referer", "https://example.com/").post("/widget/v1/boot", &body).fails(403, "domain_not_allowed");
    assert_eq!(server.events("agent.installed").len(), 3);
}

#[test]
fn h04_every_call_of_a_foreign_website_is_refused() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    server.put(&format!("/api/v1/agents/{agent}"), &json!({ "allowed_domains": ["example.com"] })).is(200);
    visitor.say("Hello").fails(403, "domain_not_allowed");
    visitor.lead(&json!({ "email": "a@b.example" })).fails(403, "domain_not_allowed");
    visitor.close().fails(403, "domain_not_allowed");
    assert_eq!(server.count("SELECT count(*) FROM leads"), 0);
}

#[test]
fn the_servers_own_pages_may_use_every_agent_and_are_no_installation() {
    let (server, agent) = with_agent();
    server.put(&format!("/api/v1/agents/{agent}"), &json!({ "allowed_domains": ["example.com"] })).is(200);
    boot_from(&server, &agent, &server.base).is(200);
    assert!(server.events("agent.installed").is_empty());
}

#[test]
fn any_website_may_ask_what_it_may_send() {
    let (server, agent) = with_agent();
    let preflight = server.client().with("origin", "https://example.com").with("access-control-request-method", "POST");
    for path in ["boot", "messages", "leads", "feedback", "close", "stop"] {
        let reply = preflight.send("OPTIONS", &format!("/widget/v1/{path}"), None).is(204);
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert!(reply.header("access-control-allow-methods").contains("POST"));
        let headers = reply.header("access-control-allow-headers").to_lowercase();
        assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
        assert!(reply.header("access-control-allow-credentials").is_empty());
    }
    let answers = [boot_from(&server, &agent, "https://example.com").is(200), server.visitor(&agent).say("").is(422)];
    for reply in answers {
        assert_eq!(reply.header("access-control-allow-origin"), "*");
    }
    let api = preflight.send("OPTIONS", "/api/v1/me", None);
    assert!(api.header("access-control-allow-origin").is_empty());
}

#[test]
fn an_answer_streams_in_order() {
    let (server, agent) = with_agent();
    let events = server.visitor(&agent).ask_stream("What are your opening hours?");
    let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
    let deltas = names.iter().filter(|name| **name == "delta").count();
    let expected: Vec<_> = ["start"].into_iter().chain(vec!["delta"; deltas]).chain(["sources", "done"]).collect();
    assert!(deltas > 0);
    assert_eq!(names, expected);
    let (start, done) = (&events[0].1, &events.last().unwrap().1);
    assert_eq!(start["user_message"]["content"], "What are your opening hours?");
    let text: String = events.iter().filter_map(|(_, data)| data["text"].as_str()).collect();
    assert_eq!(done["message"]["content"], text);
    assert!(text.contains("9:00 to 17:00"), "{text}");
    assert_eq!((&done["message"]["role"], &done["message"]["answered"]), (&json!("assistant"), &json!(true)));
    assert_eq!(done["message"]["sources"], events[names.len() - 2].1["sources"]);
    assert_eq!(done["conversation_id"], start["conversation_id"]);
    assert_eq!(server.conversations(&agent)[0]["messages"][2]["content"], text);
}

#[test]
fn an_answer_comes_whole_where_json_is_wanted() {
    let (server, agent) = with_agent();
    let whole = server.visitor(&agent).ask("How much is a check-up?").json;
    assert!(whole["message"]["id"].as_str().unwrap().starts_with("msg_"));
    assert!(whole["conversation_id"].as_str().unwrap().starts_with("conv_"));
    assert_eq!((&whole["lead_form"], &whole["message"]["role"]), (&json!(false), &json!("assistant")));
    let source = &whole["message"]["sources"][0];
    assert!(source["title"].is_string() && source["excerpt"].is_string() && source.get("url").is_some(), "{source}");
    assert_eq!(whole["message"]["timestamp"], "2026-03-26T10:00:00Z");
}

#[test]
fn what_the_knowledge_does_not_hold_is_said_so_and_a_person_offered() {
    let (server, agent) = with_agent();
    let answer = server.visitor(&agent).ask("Do you repair bicycles in Antarctica?");
    assert!(!answer.answered && answer.json["lead_form"] == true, "{}", answer.json);
    assert_eq!(answer.json["message"]["sources"], json!([]));
}

#[test]
fn a_message_sent_again_is_answered_once() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    let send =
        |id: &str| visitor.post("messages", &json!({ "content": "What are your opening hours?", "client_id": id })).is(200).json;
    let (first, second) = (send("one"), send("one"));
    assert_eq!(first["message"], second["message"]);
    assert_eq!(first["conversation_id"], second["conversation_id"]);
    assert_eq!(server.conversations(&agent)[0]["messages_count"], 3);
    assert_ne!(send("two")["message"]["id"], first["message"]["id"]);
    assert_eq!(server.conversations(&agent)[0]["messages_count"], 5);
}

#[test]
fn a_page_change_brings_the_conversation_along() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    let answer = visitor.ask("What are your opening hours?");
    let again = visitor.again(&agent);
    assert_eq!((&again.id, again.booted["conversation_id"].as_str()), (&visitor.id, answer.conversation.as_deref()));
    let history = again.booted["history"].as_array().unwrap();
    let said: Vec<_> = history.iter().map(|message| message["content"].as_str().unwrap()).collect();
    assert_eq!(said, ["Welcome!", "What are your opening hours?", &answer.text]);
    assert_eq!(again.ask("How much is a check-up?").conversation, answer.conversation);
    let stranger = server.visitor(&agent);
    assert_eq!((&stranger.booted["history"], stranger.id == visitor.id), (&json!([]), false));
}

#[test]
fn h07_a_session_opens_its_own_agent_and_nothing_else() {
    let (server, agent) = with_agent();
    let other = server.agent(&json!({ "name": "Other" }));
    let visitor = server.visitor(&agent);
    visitor.ask("Hello");
    let say = |session: &str| {
        let client = server.client().with("accept", "application/json");
        client.with("authorization", &format!("Bearer {session}")).post("/widget/v1/messages", &json!({ "content": "Hi" }))
    };
    let (payload, signature) = visitor.session.split_once('.').unwrap();
    let shorter = &visitor.session[..visitor.session.len() - 2];
    let tampered = format!("A{}.{signature}", &payload[1..]);
    for session in [shorter, tampered.as_str(), payload, "", "x.y", &server.key] {
        say(session).fails(401, "unauthorized");
    }
    server
        .client()
        .post(&format!("/widget/v1/messages?session={}", visitor.session), &json!({ "content": "Hi" }))
        .fails(401, "unauthorized");
    // On another agent the session is none: a new visitor, and no history.
    let elsewhere = visitor.again(&other);
    assert_ne!(elsewhere.id, visitor.id);
    assert_eq!(elsewhere.booted["history"], json!([]));
    assert_eq!(server.count("SELECT count(*) FROM messages"), 3);
}

#[test]
fn h07_a_session_ends_after_thirty_days() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    server.pass(Days(29));
    visitor.ask("Hello");
    server.pass(Days(1));
    visitor.say("Hello").fails(401, "unauthorized");
    assert_ne!(visitor.again(&agent).id, visitor.id);
}

#[test]
fn h09_a_message_has_1_to_4000_characters() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    for content in ["", "  \n ", &"ü".repeat(4_001), "a\0b"] {
        assert_eq!(visitor.say(content).fails(422, "validation_error").refused(), ["content"]);
    }
    visitor.post("messages", &json!({})).fails(400, "bad_request");
    visitor.post("messages", &json!({ "content": null })).fails(400, "bad_request");
    let long_id = json!({ "content": "Hi", "client_id": "x".repeat(65) });
    assert_eq!(visitor.post("messages", &long_id).fails(422, "validation_error").refused(), ["client_id"]);
    assert_eq!(server.count("SELECT count(*) FROM messages"), 0);
    server.pass(Minutes(1));
    visitor.ask(&"ü".repeat(4_000));
}

#[test]
fn a_thumb_is_kept_for_an_answer_of_ones_own() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    let answer = visitor.ask("What are your opening hours?").json;
    let id = answer["message"]["id"].as_str().unwrap();
    let rate = |visitor: &Visitor, body: Value| visitor.post("feedback", &body);
    assert_eq!(rate(&visitor, json!({ "message_id": id, "value": "down" })).is(200).json["value"], "down");
    assert_eq!(server.count("SELECT feedback FROM messages WHERE feedback IS NOT NULL"), -1);
    rate(&visitor, json!({ "message_id": id, "value": "up" })).is(200);
    let stranger = server.visitor(&agent);
    rate(&stranger, json!({ "message_id": id, "value": "down" })).fails(404, "not_found");
    rate(&visitor, json!({ "message_id": "msg_a1b2c3d4e5", "value": "up" })).fails(404, "not_found");
    rate(&visitor, json!({ "message_id": id, "value": "sideways" })).fails(422, "validation_error");
    rate(&visitor, json!({ "value": "up" })).fails(400, "bad_request");
    assert_eq!(server.count("SELECT feedback FROM messages WHERE feedback IS NOT NULL"), 1);
}

#[test]
fn closing_ends_the_conversation_and_the_next_message_opens_another() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    let first = visitor.ask("Hello").conversation.unwrap();
    server.pass(Seconds(30));
    assert_eq!(visitor.close().is(200).json, json!({ "conversation_id": first, "status": "completed" }));
    visitor.close().is(200);
    assert_eq!(server.events("conversation.completed").len(), 1);
    assert_eq!(visitor.again(&agent).booted["conversation_id"], Value::Null);
    let second = visitor.ask("Hello again").conversation.unwrap();
    assert_ne!(first, second);
    let listed = server.conversations(&agent);
    let states: Vec<_> = listed.iter().map(|c| (c["id"].as_str().unwrap(), c["status"].as_str().unwrap())).collect();
    assert_eq!(states, [(second.as_str(), "active"), (first.as_str(), "completed")]);
    assert_eq!(listed[1]["ended_at"], "2026-03-26T10:00:30Z");
}

#[test]
fn a_beacon_closes_with_the_session_in_its_body() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    visitor.ask("Hello");
    let beacon = json!({ "session": visitor.session }).to_string();
    server
        .client()
        .with("content-type", "text/plain;charset=UTF-8")
        .send("POST", "/widget/v1/close", Some(beacon.as_bytes()))
        .is(200);
    assert_eq!(server.conversations(&agent)[0]["status"], "completed");
    server.client().send("POST", "/widget/v1/close", Some(b"{}")).fails(401, "unauthorized");
}

#[test]
fn closing_before_the_first_message_completes_nothing() {
    let (server, agent) = with_agent();
    assert_eq!(server.visitor(&agent).close().is(200).json["conversation_id"], Value::Null);
    assert!(server.events("conversation.completed").is_empty());
}

#[test]
fn an_open_widget_hears_that_its_agent_stopped_answering() {
    let (server, agent) = with_agent();
    let mut stream = server.visitor(&agent).stream();
    stream.ping();
    server.put(&format!("/api/v1/agents/{agent}"), &json!({ "color": "#fff" })).is(200);
    server.delete(&format!("/api/v1/agents/{agent}")).is(200);
    assert_eq!(stream.event().as_deref(), Some("deactivated"));
    assert_eq!(stream.event(), None);
}

#[test]
fn the_script_is_cached_by_its_content() {
    let server = TestServer::start();
    let script = server.client().get("/widget.js").is(200);
    assert!(script.header("content-type").starts_with("text/javascript"));
    assert_eq!(script.header("access-control-allow-origin"), "*");
    let known = server.client().with("if-none-match", script.header("etag")).get("/widget.js").is(304);
    assert!(known.text.is_empty());
    assert!(!script.text.contains(&server.base), "the script holds nothing of one installation");
}
