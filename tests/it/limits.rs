//! The monthly limit of a plan: the agent goes on answering, and no lead is lost.

use serde_json::{Value, json};

use crate::server::Span::{Days, Minutes};
use crate::server::TestServer;

/// On a plan with two conversations an agent and month.
fn limited() -> (TestServer, String) {
    let server = TestServer::start_with(|config| {
        let starter = config.plans.get_mut("starter").unwrap();
        (starter.agents, starter.conversations_per_agent) = (2, 2);
    });
    server.set_plan("starter");
    let agent = server.agent(&json!({ "name": "Sales Assistant" }));
    server.teach(&agent, "faq", "Q: What are your opening hours?\nA: We are open from 9:00 to 17:00.");
    (server, agent)
}

#[test]
fn h17_the_last_conversation_of_the_limit_says_so_once() {
    let (server, agent) = limited();
    server.visitor(&agent).ask("Hello");
    assert!(server.events("agent.limit_reached").is_empty());
    server.visitor(&agent).ask("Hello");
    server.visitor(&agent).ask("Hello");
    server.visitor(&agent).ask("Hello");
    let told = server.events("agent.limit_reached");
    assert_eq!(told.len(), 1);
    let data = json!({
        "agent_name": "Sales Assistant", "conversations_used": 2, "conversations_limit": 2, "plan": "starter",
        "resets_at": "2026-04-01T00:00:00Z",
    });
    assert_eq!((&told[0]["data"], &told[0]["agent_id"]), (&data, &json!(agent)));
}

#[test]
fn h17_over_the_limit_visitors_are_answered_and_nothing_is_stored() {
    let (server, agent) = limited();
    let counted = server.visitor(&agent);
    let kept = counted.ask("Hello").conversation;
    server.visitor(&agent).ask("Hello");
    let over = server.visitor(&agent);
    let answer = over.ask("What are your opening hours?");
    assert!(answer.answered && answer.text.contains("9:00") && answer.conversation.is_none());
    let streamed = over.ask_stream("What are your opening hours?");
    assert_eq!(streamed.last().unwrap().0, "done");
    assert_eq!(server.get(&format!("/api/v1/agents/{agent}/conversations")).json["total"], 2);
    assert_eq!(server.get(&format!("/api/v1/agents/{agent}")).json["conversations_count"], 2);
    assert_eq!(counted.ask("What are your opening hours?").conversation, kept);
    assert_eq!(server.count("SELECT count(*) FROM messages WHERE role = 'user'"), 3);
    over.close().is(200);
    assert!(server.events("conversation.completed").is_empty());
}

#[test]
fn a_smaller_plan_says_that_its_limit_is_passed_already() {
    let (server, agent) = limited();
    server.set_plan("scale");
    (0..3).for_each(|_| drop(server.visitor(&agent).ask("Hello")));
    assert!(server.events("agent.limit_reached").is_empty());
    server.set_plan("starter");
    (0..2).for_each(|_| drop(server.visitor(&agent).ask("Hello")));
    let told = server.events("agent.limit_reached");
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["data"]["conversations_used"], &told[0]["data"]["conversations_limit"]), (&json!(3), &json!(2)));
    assert_eq!(server.get(&format!("/api/v1/agents/{agent}")).json["conversations_count"], 3);
}

#[test]
fn over_the_limit_a_lead_is_kept_all_the_same() {
    let (server, agent) = limited();
    for _ in 0..2 {
        server.visitor(&agent).ask("Hello");
    }
    let form = server.visitor(&agent);
    form.ask("Hello");
    form.lead(&json!({ "name": "Jane", "email": "jane@example.com" })).is(201);
    form.lead(&json!({ "phone": "+1-555-0123" })).is(201);
    server.visitor(&agent).ask("Write to john@example.com");
    let leads = server.leads(&agent);
    assert_eq!(leads.len(), 2);
    assert!(leads.iter().all(|lead| lead["conversation_id"] == Value::Null));
    let told = server.events("lead.captured");
    let emails: Vec<_> = told.iter().map(|event| &event["data"]["email"]).collect();
    assert_eq!(emails, ["jane@example.com", "john@example.com"]);
    assert!(told.iter().all(|event| event["data"]["conversation_id"] == Value::Null));
    assert_eq!(leads.iter().find(|lead| lead["name"] == "Jane").unwrap()["phone"], "+1-555-0123");
}

#[test]
fn every_agent_has_a_limit_of_its_own() {
    let (server, agent) = limited();
    for _ in 0..3 {
        server.visitor(&agent).ask("Hello");
    }
    let other = server.agent(&json!({ "name": "Other" }));
    assert!(server.visitor(&other).ask("Hello").conversation.is_some());
}

#[test]
fn the_first_of_the_month_begins_anew() {
    let (server, agent) = limited();
    for _ in 0..3 {
        server.visitor(&agent).ask("Hello");
    }
    server.pass(Days(6));
    assert!(server.visitor(&agent).ask("Hello").conversation.is_some());
    assert_eq!(server.events("agent.limit_reached").len(), 1);
    server.visitor(&agent).ask("Hello");
    let told = server.events("agent.limit_reached");
    assert_eq!((told.len(), &told[1]["data"]["resets_at"]), (2, &json!("2026-05-01T00:00:00Z")));
}

#[test]
fn a_larger_plan_stores_from_the_next_conversation() {
    let (server, agent) = limited();
    let visitor = server.visitor(&agent);
    for _ in 0..2 {
        server.visitor(&agent).ask("Hello");
    }
    assert!(visitor.ask("Hello").conversation.is_none());
    server.set_plan("growth");
    server.pass(Minutes(1));
    assert!(visitor.ask("Hello").conversation.is_some());
}
