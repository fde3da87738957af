//! Conversations over the API, and how they end by themselves.

use chatforge::domain::conversation::Trace;
use chatforge::domain::id::{AccountId, AgentId, ConversationId, Identifier, VisitorId};
use chatforge::domain::model_use::ModelUse;
use chatforge::storage::Answer;
use pollster::block_on;
use serde_json::json;

use crate::server::Span::{Minutes, Ms, Seconds};
use crate::server::{TestServer, until};
use crate::visitor::Visitor;

fn with_agent() -> (TestServer, String) {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A", "greeting": "Welcome!" }));
    (server, agent)
}

fn path(agent: &str, query: &str) -> String {
    format!("/api/v1/agents/{agent}/conversations?{query}")
}

#[test]
fn a_conversation_is_listed_with_all_that_was_said() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    server.pass(Seconds(15));
    let answer = visitor.ask("Hello");
    server.pass(Seconds(230));
    visitor.close().is(200);
    let listed = server.get(&path(&agent, "limit=10")).is(200).json;
    let conversation = json!({
        "id": answer.conversation,
        "agent_id": agent,
        "visitor_id": visitor.id,
        "status": "completed",
        "messages_count": 3,
        "lead_captured": false,
        "duration_seconds": 245,
        "page_url": "https://example.com/pricing",
        "messages": [
            { "role": "assistant", "content": "Welcome!", "timestamp": "2026-03-26T10:00:00Z" },
            { "role": "user", "content": "Hello", "timestamp": "2026-03-26T10:00:15Z" },
            { "role": "assistant", "content": answer.text, "timestamp": "2026-03-26T10:00:15Z" },
        ],
        "started_at": "2026-03-26T10:00:00Z",
        "ended_at": "2026-03-26T10:04:05Z",
    });
    assert_eq!(listed, json!({ "conversations": [conversation], "total": 1, "limit": 10, "offset": 0, "next_after": null }));
}

#[test]
fn an_open_conversation_has_no_end_and_lasts_until_its_last_message() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    server.pass(Seconds(40));
    visitor.ask("Hello");
    server.pass(Seconds(60));
    let open = &server.conversations(&agent)[0];
    assert_eq!((&open["status"], &open["ended_at"], &open["duration_seconds"]), (&json!("active"), &json!(null), &json!(40)));
}

#[test]
fn pages_hold_every_conversation_once_newest_first() {
    let server = TestServer::start_with(|config| config.testing.public_limits = false);
    let agent = server.agent(&json!({ "name": "A" }));
    let say = |number: i64| {
        // Two at a time, so that ties are met.
        server.pass(Seconds(number % 2));
        server.visitor(&agent).ask("Hello").conversation.unwrap()
    };
    let made: Vec<_> = (0..30).map(say).collect();
    let mut seen = Vec::new();
    for offset in [0, 7, 14, 21, 28] {
        let page = server.get(&path(&agent, &format!("limit=7&offset={offset}"))).is(200).json;
        assert_eq!((&page["total"], &page["limit"], &page["offset"]), (&json!(30), &json!(7), &json!(offset)));
        seen.extend(page["conversations"].as_array().unwrap().clone());
    }
    let order: Vec<_> = seen.iter().map(|c| (c["started_at"].as_str().unwrap(), c["id"].as_str().unwrap())).collect();
    assert!(order.is_sorted_by(|a, b| a > b), "{order:?}");
    assert!(made.iter().all(|id| order.iter().any(|(_, seen)| seen == id)));
    assert_eq!(server.conversations(&agent).len(), 25);
    assert_eq!(server.get(&path(&agent, "offset=100")).is(200).json["conversations"], json!([]));
}

#[test]
fn a_cursor_misses_nothing_while_conversations_are_added() {
    let (server, agent) = with_agent();
    let say = || server.visitor(&agent).ask("Hello").conversation.unwrap();
    let made: Vec<_> = (0..5).map(|_| say()).collect();
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = server.get(&path(&agent, &format!("limit=2{after}"))).is(200).json;
        seen.extend(page["conversations"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_after"].as_str() else { break };
        after = format!("&after={next}");
        server.pass(Seconds(1));
        say();
    }
    seen.sort();
    assert_eq!(seen, {
        let mut made = made;
        made.sort();
        made
    });
    for wrong in ["conv_a1b2c3d4e5", "nonsense", ""] {
        assert_eq!(server.get(&path(&agent, &format!("after={wrong}"))).fails(422, "validation_error").refused(), ["after"]);
    }
}

#[test]
fn since_is_strict_to_the_millisecond() {
    let (server, agent) = with_agent();
    let ids = [0, 1].map(|_| {
        let id = server.visitor(&agent).ask("Hello").conversation.unwrap();
        server.pass(Ms(500));
        id
    });
    let since = |text: &str| {
        let listed = server.get(&path(&agent, &format!("since={text}"))).is(200).json;
        assert_eq!(listed["total"], listed["conversations"].as_array().unwrap().len());
        listed["conversations"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(since("2026-03-26T09:59:59.999Z"), [ids[1].clone(), ids[0].clone()]);
    // Shown in whole seconds, both began at ten; the second one did so after it.
    assert_eq!(since("2026-03-26T10:00:00Z"), [ids[1].clone()]);
    assert_eq!(since("2026-03-26T12:00:00.499%2B02:00"), [ids[1].clone()]);
    assert!(since("2026-03-26T10:00:00.500Z").is_empty());
}

#[test]
fn whoever_asks_since_the_last_time_misses_no_conversation_whose_panel_was_opened_before() {
    let (server, agent) = with_agent();
    let waiting: Vec<_> = (0..3).map(|_| server.visitor(&agent)).collect();
    server.pass(Seconds(600));
    let mut seen = vec![server.visitor(&agent).ask("Hello").conversation.unwrap()];
    let mut since = server.now();
    for (late, visitor) in waiting.iter().enumerate() {
        server.pass(Seconds(60));
        seen.push(visitor.ask("I opened this long ago").conversation.unwrap());
        let path = path(&agent, &format!("since={}", since));
        let listed = server.get(&path).is(200).json;
        assert_eq!((listed["total"].as_i64(), listed["conversations"][0]["id"].as_str()), (Some(1), Some(&*seen[late + 1])));
        assert_eq!(listed["conversations"][0]["started_at"], "2026-03-26T10:00:00Z");
        assert_eq!(server.get(&format!("{path}&status=active")).is(200).json["total"], 1);
        since = server.now();
    }
    let path = path(&agent, &format!("since={}", since));
    assert_eq!(server.get(&path).is(200).json["total"], 0);
}

#[test]
fn what_a_visitor_saw_of_an_answer_is_kept_when_they_close_and_no_more() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    let conversation = visitor.ask("Hello").conversation.unwrap();
    let (account, agent_id) = (AccountId::parse(&server.account).unwrap(), AgentId::parse(&agent).unwrap());
    let agent = block_on(server.store().agent(account.clone(), agent_id.clone())).unwrap();
    let visitor_id = VisitorId::parse(&visitor.id).unwrap();
    let shown = Some("We open at".to_owned());
    block_on(server.store().close_conversation(account, agent_id, visitor_id, shown)).unwrap();
    let late = Answer {
        content: "We open at 9 and close at 17.".into(),
        sources: Vec::new(),
        answered: true,
        trace: Trace {
            zone: "answer".into(),
            provider: "embedded".into(),
            passages: Vec::new(),
            response_ms: 1,
            retrieval_ms: 1,
            generation: None,
        },
        gap: None,
        used: ModelUse::default(),
        replaces: None,
        claims_count: 0,
        ended_at: None,
    };
    let kept = block_on(server.store().finish_turn(agent, ConversationId::parse(&conversation), late)).unwrap();
    assert!(kept.is_none());
    let listed = server.get(&format!("/api/v1/conversations/{conversation}")).is(200).json;
    let messages = listed["messages"].as_array().unwrap();
    assert_eq!(messages.last().unwrap()["content"], "We open at");
    assert_eq!(listed["status"], "completed");
}

#[test]
fn half_an_hour_of_silence_completes_a_conversation_at_its_last_message() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    server.pass(Seconds(10));
    let quiet = visitor.ask("Hello").conversation.unwrap();
    server.pass(Minutes(1));
    let later = server.visitor(&agent).ask("Hello").conversation.unwrap();
    server.pass(Minutes(29));
    let find = |id: &str| server.conversations(&agent).into_iter().find(|c| c["id"] == id).unwrap();
    let ended = until("the sweep", || Some(find(&quiet)).filter(|c| c["status"] == "completed"));
    assert_eq!((&ended["ended_at"], &ended["duration_seconds"]), (&json!("2026-03-26T10:00:10Z"), &json!(10)));
    assert_eq!(find(&later)["status"], "active");
    server.pass(Ms(59_999));
    assert_eq!(find(&later)["status"], "active");
    server.pass(Ms(1));
    until("the sweep", || Some(find(&later)).filter(|c| c["status"] == "completed"));
    let completed = server.events("conversation.completed");
    let ids: Vec<_> = completed.iter().map(|event| event["data"]["conversation_id"].as_str().unwrap()).collect();
    assert_eq!(ids, [quiet, later]);
}

#[test]
fn a_message_after_half_an_hour_opens_a_conversation_of_its_own() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    let first = visitor.ask("Hello").conversation;
    server.pass(Minutes(30));
    let second = visitor.ask("Hello again").conversation;
    assert_ne!(first, second);
    assert_eq!(server.events("conversation.completed").len(), 1);
    let listed = server.conversations(&agent);
    assert_eq!(
        (&listed[0]["started_at"], &listed[1]["ended_at"]),
        (&json!("2026-03-26T10:30:00Z"), &json!("2026-03-26T10:00:00Z"))
    );
    assert_eq!(listed[0]["messages"][0]["content"], "Welcome!");
}

#[test]
fn a_message_puts_the_end_off() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    let first = visitor.ask("Hello").conversation;
    for _ in 0..4 {
        server.pass(Minutes(29));
        assert_eq!(visitor.ask("Still here").conversation, first);
    }
    assert!(server.events("conversation.completed").is_empty());
}

#[test]
fn conversations_survive_a_restart_and_still_end() {
    let (mut server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    let answer = visitor.ask("Hello");
    let before = server.conversations(&agent);
    server.restart();
    assert_eq!(server.conversations(&agent), before);
    let again = Visitor::open(&server.client(), json!({ "agent_id": agent, "session": visitor.session }));
    assert_eq!(again.booted["conversation_id"].as_str(), answer.conversation.as_deref());
    server.pass(Minutes(30));
    until("the sweep", || Some(()).filter(|()| server.conversations(&agent)[0]["status"] == "completed"));
    assert_eq!(server.events("conversation.completed").len(), 1);
}
