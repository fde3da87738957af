//! One conversation or lead by its id, and deletion for good.

use std::fs;

use serde_json::{Value, json};

use crate::receiver::Answer;
use crate::server::Span::{Hours, Seconds};
use crate::server::{Api, TestServer, until};
use crate::visitor::Visitor;
use crate::webhooks::{send_lead, wait_for_tries};
use crate::widget::with_agent;

/// Said by one visitor, and by nobody else.
const MARKER: &str = "zq7xk4marker9vw2";

fn conversation_path(id: &str) -> String {
    format!("/api/v1/conversations/{id}")
}

fn lead_path(lead: &Value) -> String {
    format!("/api/v1/leads/{}", lead["id"].as_str().unwrap())
}

fn agent(api: &Api, id: &str) -> Value {
    api.get(&format!("/api/v1/agents/{id}")).is(200).json
}

/// The files of the data folder in which a text stands. The log is read before the database into which it is folded:
/// what moves meanwhile is seen.
fn traces(server: &TestServer, text: &str) -> Vec<String> {
    let files = fs::read_dir(server.folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let mut files: Vec<_> = files.collect();
    files.sort_by(|one, other| other.cmp(one));
    files.retain(|path| fs::read(path).unwrap().windows(text.len()).any(|bytes| bytes == text.as_bytes()));
    files.iter().map(|path| path.display().to_string()).collect()
}

#[test]
fn a_conversation_is_shown_as_it_is_listed_and_with_the_traces_of_its_answers() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    let id = visitor.ask("Hello").conversation.unwrap();
    visitor.ask("I am jane@example.com");
    let mut shown = server.get(&conversation_path(&id)).is(200).json;
    let messages = shown["messages"].as_array_mut().unwrap();
    let zones: Vec<_> = messages.iter_mut().map(|message| message.as_object_mut().unwrap().remove("trace")).collect();
    let zones: Vec<_> = zones.iter().map(|trace| trace.as_ref().and_then(|trace| trace["zone"].as_str())).collect();
    assert_eq!(zones, [None, None, Some("greeting"), None, Some("contact")]);
    assert_eq!(shown, server.conversations(&agent)[0]);
    assert_eq!((&shown["messages_count"], shown["messages"].as_array().unwrap().len()), (&json!(5), 5));
    for id in ["conv_a1b2c3d4e5", "nonsense", "lead_a1b2c3d4e5"] {
        server.get(&conversation_path(id)).fails(404, "not_found");
    }
}

#[test]
fn a_lead_is_shown_as_it_is_listed() {
    let (server, agent) = with_agent();
    send_lead(&server, &agent);
    let listed = server.leads(&agent)[0].clone();
    assert_eq!(server.get(&lead_path(&listed)).is(200).json, listed);
    for id in ["lead_a1b2c3d4e5", "nonsense"] {
        server.get(&format!("/api/v1/leads/{id}")).fails(404, "not_found");
    }
}

#[test]
fn a_deleted_conversation_is_gone_and_its_lead_stays() {
    let (server, id) = with_agent();
    let visitor = server.visitor(&id);
    let deleted = visitor.ask(&format!("I am jane@example.com, {MARKER}")).conversation.unwrap();
    let kept = server.visitor(&id).ask("Hello").conversation.unwrap();
    assert_eq!(agent(&server, &id)["conversations_count"], 2);
    let path = conversation_path(&deleted);
    assert_eq!(server.delete(&path).is(200).json, json!({ "id": deleted, "deleted": true }));
    server.get(&path).fails(404, "not_found");
    server.delete(&path).fails(404, "not_found");
    let ids: Vec<_> = server.conversations(&id).iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, [kept]);
    assert_eq!(server.count(&format!("SELECT count(*) FROM messages WHERE conversation = '{deleted}'")), 0);
    let lead = server.leads(&id)[0].clone();
    assert_eq!((&lead["email"], &lead["conversation_id"]), (&json!("jane@example.com"), &Value::Null));
    assert_eq!(server.get(&lead_path(&lead)).is(200).json, lead);
    let counts = agent(&server, &id);
    assert_eq!((&counts["conversations_count"], &counts["leads_count"]), (&json!(1), &json!(1)));
}

#[test]
fn whose_conversation_was_deleted_begins_another() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    let deleted = visitor.ask("Hello").conversation.unwrap();
    server.delete(&conversation_path(&deleted)).is(200);
    assert_eq!(visitor.again(&agent).booted["history"], json!([]));
    let next = visitor.ask("Hello again").conversation.unwrap();
    assert_ne!(next, deleted);
    assert_eq!(server.conversations(&agent)[0]["messages_count"], 3);
}

/// Leaves the marker wherever a visitor can: in two conversations, two leads, and all that tells of them.
fn leave_marks(server: &TestServer, agent: &str) -> String {
    let page = format!("https://example.com/pricing?who={MARKER}");
    let browser = server.client().with("user-agent", &format!("Browser {MARKER}"));
    let visitor = Visitor::open(&browser, json!({ "agent_id": agent, "page_url": page, "referrer": page }));
    visitor.ask(&format!("I am {MARKER}@example.com"));
    visitor.lead(&json!({ "name": MARKER, "phone": "+1-555-0123", "company": MARKER, "message": MARKER })).is(201);
    visitor.close().is(200);
    server.pass(Seconds(1));
    visitor.ask(&format!("Once more: {MARKER}"));
    visitor.lead(&json!({ "email": "jane@example.com", "message": MARKER })).is(201);
    visitor.id
}

#[test]
fn k01_of_a_deleted_visitor_no_byte_is_left() {
    let (server, id) = with_agent();
    let receiver = server.receiver();
    receiver.always(Answer::Echo);
    server.visitor(&id).ask("I am other@example.com");
    wait_for_tries(&server, 2);
    let others = (server.conversations(&id), server.leads(&id), server.events("lead.captured"));
    let visitor = leave_marks(&server, &id);
    wait_for_tries(&server, 5);
    assert!(!traces(&server, MARKER).is_empty());
    let path = format!("/api/v1/visitors/{visitor}");
    let erased = json!({ "id": visitor, "deleted": true, "conversations": 2, "leads": 2 });
    assert_eq!(server.delete(&path).is(200).json, erased);
    assert_eq!(traces(&server, MARKER), [""; 0]);
    assert_eq!((server.conversations(&id), server.leads(&id), server.events("lead.captured")), others);
    let counts = agent(&server, &id);
    assert_eq!((&counts["conversations_count"], &counts["leads_count"]), (&json!(1), &json!(1)));
    assert_eq!(server.count("SELECT count(*) FROM delivery_attempts"), 2);
    server.delete(&path).fails(404, "not_found");
    for id in ["vis_a1b2c3d4e5", "nonsense"] {
        server.delete(&format!("/api/v1/visitors/{id}")).fails(404, "not_found");
    }
}

#[test]
fn k01_of_the_first_visitor_of_a_website_no_byte_is_left() {
    let (server, agent) = with_agent();
    let page = format!("https://example.com/pricing?who={MARKER}#{MARKER}");
    let browser = server.client().with("user-agent", &format!("Browser {MARKER}"));
    let visitor = Visitor::open(&browser, json!({ "agent_id": agent, "page_url": page }));
    visitor.ask("Hello");
    assert_eq!(server.events("agent.installed")[0]["data"]["page_url"], "https://example.com/pricing");
    server.delete(&format!("/api/v1/visitors/{}", visitor.id)).is(200);
    assert_eq!(traces(&server, MARKER), [""; 0]);
}

#[test]
fn what_waited_to_be_told_of_a_deleted_visitor_is_not_sent() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    let other = server.visitor(&agent);
    receiver.next_of("agent.installed");
    wait_for_tries(&server, 1);
    receiver.always(Answer::Status(500));
    let visitor = server.visitor(&agent);
    for (number, visitor) in [&visitor, &other].into_iter().enumerate() {
        visitor.lead(&json!({ "email": format!("lead{number}@example.com") })).is(201);
        receiver.next_of("lead.captured");
    }
    wait_for_tries(&server, 3);
    server.delete(&format!("/api/v1/visitors/{}", visitor.id)).is(200);
    receiver.always(Answer::Status(200));
    server.pass(Hours(14));
    assert_eq!(receiver.next_of("lead.captured").json["data"]["email"], "lead1@example.com");
    wait_for_tries(&server, 3);
    assert_eq!(server.deliveries(), [("delivered".into(), 1), ("delivered".into(), 2)]);
    assert!(receiver.is_empty());
}

/// Two of a webhook's deliveries are under way at once; deleting both must let the next one go.
#[test]
fn a_deleted_visitor_holds_up_nobodys_deliveries() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    let visitor = server.visitor(&agent);
    receiver.next_of("agent.installed");
    wait_for_tries(&server, 1);
    receiver.script(&[Answer::Silence, Answer::Silence]);
    visitor.ask("I am jane@example.com");
    visitor.close().is(200);
    let under_way = "SELECT count(*) FROM deliveries WHERE state = 'inflight'";
    until("both on their way", || Some(()).filter(|()| server.count(under_way) == 2));
    server.visitor(&agent).lead(&json!({ "email": "other@example.com" })).is(201);
    let held_up = "SELECT count(*) FROM deliveries WHERE state = 'pending'";
    assert_eq!((server.count(under_way), server.count(held_up)), (2, 1), "the third is held up");
    server.delete(&format!("/api/v1/visitors/{}", visitor.id)).is(200);
    let told = until("the third", || Some(receiver.next()).filter(|told| told.contains("other@example.com")));
    assert_eq!(told.json["type"], "lead.captured");
}

#[test]
fn what_a_long_reader_keeps_in_the_log_goes_when_it_has_read() {
    let (server, id) = with_agent();
    let visitor = leave_marks(&server, &id);
    let reader = server.database();
    reader.execute_batch("BEGIN; SELECT count(*) FROM messages;").unwrap();
    server.delete(&format!("/api/v1/visitors/{visitor}")).is(200);
    // Reading the files here would release the reader's locks: they are this process's.
    let log = fs::metadata(server.folder().join("chatforge.db-wal")).unwrap();
    assert_ne!(log.len(), 0, "the log cannot be cut beneath a reader");
    // Nobody waits for the reader, though.
    server.visitor(&id).ask("Hello");
    reader.execute_batch("COMMIT").unwrap();
    until("the log to be cut", || Some(()).filter(|()| traces(&server, MARKER).is_empty()));
}
