//! The inbox and the leads as the team works with them: narrowed, searched, noted on, exported, deleted.

use serde_json::{Value, json};

use crate::browser::{Browser, between, signed_in};
use crate::server::Span::Ms;
use crate::server::{Api, TestServer};

struct Team {
    server: TestServer,
    browser: Browser,
    api: Api,
    agent: String,
}

fn team() -> Team {
    let (server, browser) = signed_in();
    let account: String = server.database().query_row("SELECT id FROM accounts", [], |row| row.get(0)).unwrap();
    let api = server.api_of(&account);
    let agent = api.agent(&json!({ "name": "Ada", "greeting": "Welcome!" }));
    api.teach(&agent, "faq", "Q: What are your opening hours?\nA: We are open from 9:00 to 17:00 on weekdays.");
    Team { server, browser, api, agent }
}

impl Team {
    /// A conversation of somebody new, begun after all others.
    fn said(&self, words: &str) -> String {
        self.server.pass(Ms(1_000));
        self.server.visitor(&self.agent).ask(words).conversation.unwrap()
    }

    /// The conversations that the inbox shows under this address, in its order.
    fn shown(&mut self, query: &str) -> Vec<String> {
        let page = self.browser.get(&format!("/conversations{query}")).is(200).text;
        let rows = page.split("row-link clamp-1\" href=\"/conversations/").skip(1);
        rows.map(|row| row.split('"').next().unwrap().to_owned()).collect()
    }
}

#[test]
fn the_inbox_is_narrowed_by_status_lead_answer_thumb_and_words() {
    let mut team = team();
    let asked = team.said("What are your opening hours?");
    let unknown = team.said("Do you sell submarines?");
    let lead = team.said("Please call Zoë at zoe@example.com");
    team.server.pass(Ms(1_000));
    let visitor = team.server.visitor(&team.agent);
    let answer = visitor.ask("What are your opening hours on weekdays?");
    let disliked = answer.conversation.unwrap();
    visitor.post("feedback", &json!({ "message_id": answer.json["message"]["id"], "value": "down" })).is(200);
    visitor.close().is(200);
    assert_eq!(team.shown(""), [&disliked, &lead, &unknown, &asked].map(String::as_str));
    assert_eq!(team.shown("?status=active"), [&lead, &unknown, &asked].map(String::as_str));
    assert_eq!(team.shown("?status=completed"), [disliked.as_str()]);
    assert_eq!(team.shown("?lead=1"), [lead.as_str()]);
    assert!(team.shown("?unanswered=1").contains(&unknown) && !team.shown("?unanswered=1").contains(&asked));
    assert_eq!(team.shown("?disliked=1"), [disliked.as_str()]);
    assert_eq!(team.shown("?q=submar"), [unknown.as_str()]);
    assert_eq!(team.shown("?q=ZOE"), [lead.as_str()]);
    assert_eq!(team.shown("?q=opening+hours&status=completed"), [disliked.as_str()]);
    assert!(team.shown("?q=%22%27*%28").is_empty());
    assert_eq!(team.shown("?status=nonsense&agent=nobody").len(), 4);
    team.browser.get(&format!("/conversations/{asked}")).is(200);
    team.browser.submit(&format!("/conversations/{asked}/claim"), &[]).is(303);
    assert_eq!(team.shown("?status=claimed"), [asked.as_str()]);
}

#[test]
fn the_inbox_is_turned_page_by_page_without_a_gap() {
    let mut team = team();
    let mut all: Vec<String> = (0..30).map(|number| team.said(&format!("Question {number}"))).collect();
    all.reverse();
    let first = team.browser.get("/conversations?q=question").is(200).text;
    assert_eq!(team.shown("?q=question"), all[..25]);
    let older = between(&first, "after=", "\"").unwrap();
    // What is new on the first page moves nothing on the second.
    team.said("Question of somebody else");
    assert_eq!(team.shown(&format!("?q=question&after={older}")), all[25..]);
}

#[test]
fn nobody_finds_what_was_said_to_another_account() {
    let mut team = team();
    let other = team.server.sign_up("other@example.com");
    let theirs = other.agent(&json!({ "name": "Other" }));
    let conversation = team.server.visitor(&theirs).ask("Do you sell submarines?").conversation.unwrap();
    assert!(team.shown("").is_empty() && team.shown("?q=submarines").is_empty());
    let account = other.account.trim_start_matches("acc_").to_owned();
    assert!(team.shown(&format!("?q={account}")).is_empty());
    team.browser.get(&format!("/conversations/{conversation}")).is(404);
    team.browser.get(&format!("/conversations/{conversation}/export?format=json")).is(404);
    assert_eq!(team.shown(&format!("?agent={theirs}")).len(), 0);
}

#[test]
fn what_is_deleted_is_found_no_more() {
    let mut team = team();
    let id = team.said("Do you sell submarines?");
    let kept = team.said("Do you sell boats?");
    team.browser.get(&format!("/conversations/{id}")).is(200);
    team.browser.submit(&format!("/conversations/{id}/notes"), &[("note", "Ask the shipyard.")]).is(303);
    assert!(team.browser.get(&format!("/conversations/{id}")).text.contains("Ask the shipyard."));
    team.browser.submit(&format!("/conversations/{id}/delete-visitor"), &[]).is(303);
    team.browser.get(&format!("/conversations/{id}")).is(404);
    assert!(team.shown("?q=submarines").is_empty());
    assert_eq!(team.shown("?q=sell"), [kept.as_str()]);
    assert_eq!(
        team.server.count("SELECT count(*) FROM notes") + team.server.count("SELECT count(*) - 3 FROM searched_messages"),
        0
    );
    let check = "INSERT INTO message_words (message_words) VALUES ('integrity-check')";
    team.server.database_to_fill().execute(check, []).unwrap();
}

#[test]
fn a_conversation_shows_why_it_was_answered_so_and_what_the_visitor_said_before() {
    let mut team = team();
    let visitor = team.server.visitor(&team.agent);
    let before = visitor.ask("What are your opening hours?").conversation.unwrap();
    visitor.close().is(200);
    team.server.pass(Ms(1_000));
    let id = visitor.ask("What are your opening hours?").conversation.unwrap();
    let page = team.browser.get(&format!("/conversations/{id}")).is(200).text;
    for words in ["Why this answer?", "Answered in 0 ms", "Passages found in", "example.com/pricing", &before] {
        assert!(page.contains(words), "{words}");
    }
    let json = team.browser.get(&format!("/conversations/{id}/export?format=json")).is(200);
    assert!(json.header("content-disposition").contains(&format!("{id}.json")));
    assert_eq!((&json.json["id"], json.json["messages"].as_array().unwrap().len()), (&json!(id), 3));
    let text = team.browser.get(&format!("/conversations/{id}/export?format=text")).is(200).text;
    assert!(text.contains("Visitor:\nWhat are your opening hours?") && text.contains("Ada:\n"), "{text}");
    team.browser.get(&format!("/conversations/{id}/export?format=pdf")).is(400);
}

#[test]
fn canned_replies_are_kept_put_into_the_composer_and_deleted() {
    let mut team = team();
    let id = team.said("Hello");
    let path = "/settings/replies";
    team.browser.get(path).is(200);
    team.browser.submit(path, &[("title", "Hours"), ("content", "We open at nine.")]).is(303);
    let twice = team.browser.submit(path, &[("title", "Hours"), ("content", "Others.")]).is(422).text;
    assert!(twice.contains("another reply has this name") && twice.contains("Others."));
    team.browser.submit(path, &[("title", ""), ("content", "")]).is(422);
    team.browser.submit(&format!("/conversations/{id}/claim"), &[]).is(303);
    let page = team.browser.get(&format!("/conversations/{id}")).is(200).text;
    let link = between(&page, "?canned=", "#end").unwrap().to_owned();
    let filled = team.browser.get(&format!("/conversations/{id}?canned={link}")).is(200).text;
    assert!(filled.contains(">We open at nine.</textarea>"));
    team.browser.submit(&format!("{path}/{link}/delete"), &[]).is(303);
    assert_eq!(team.browser.submit(&format!("{path}/{link}/delete"), &[]).status, 404);
    assert_eq!(team.server.count("SELECT count(*) FROM canned_replies"), 0);
}

#[test]
fn leads_are_narrowed_moved_on_noted_on_and_exported() {
    let mut team = team();
    team.said("I am jane@example.com");
    team.said("Call =cmd at bob@example.com");
    let leads = team.api.get(&format!("/api/v1/agents/{}/leads", team.agent)).is(200).json["leads"].clone();
    let id = |at: usize| leads[at]["id"].as_str().unwrap().to_owned();
    let (bob, jane) = (id(0), id(1));
    let page = team.browser.get(&format!("/leads/{jane}")).is(200).text;
    assert!(page.contains("I am jane@example.com") && page.contains("Welcome!"));
    team.browser.submit(&format!("/leads/{jane}/status"), &[("status", "won")]).is(303);
    team.browser.submit(&format!("/leads/{jane}/status"), &[("status", "rich")]).is(400);
    team.browser.submit(&format!("/leads/{jane}/notes"), &[("note", "Called her.")]).is(303);
    assert!(team.browser.get(&format!("/leads/{jane}")).is(200).text.contains("Called her."));
    assert_eq!(team.api.get(&format!("/api/v1/leads/{jane}")).json["status"], "won");
    let mut listed = |query: &str| -> Vec<bool> {
        let page = team.browser.get(&format!("/leads{query}")).is(200).text;
        [&bob, &jane].map(|id| page.contains(&format!("/leads/{id}"))).to_vec()
    };
    assert_eq!(listed(""), [true, true]);
    assert_eq!(listed("?status=won"), [false, true]);
    assert_eq!(listed("?status=new"), [true, false]);
    assert_eq!(listed("?q=BOB"), [true, false]);
    assert_eq!(listed("?q=bob&status=won"), [false, false]);
    let csv = team.browser.get("/leads/export?status=new").is(200);
    assert!(csv.header("content-type").starts_with("text/csv"));
    assert!(csv.text.contains("bob@example.com") && !csv.text.contains("jane@example.com"), "{}", csv.text);
    let other = team.server.sign_up("other@example.com");
    let theirs = other.agent(&json!({ "name": "Other" }));
    team.server.visitor(&theirs).ask("I am eve@example.com");
    let eve = team.server.database().query_row("SELECT id FROM leads WHERE email LIKE 'eve%'", [], |row| row.get::<_, String>(0));
    let eve = eve.unwrap();
    team.browser.get(&format!("/leads/{eve}")).is(404);
    for (act, field) in [("status", "status"), ("notes", "note")] {
        assert_eq!(team.browser.submit(&format!("/leads/{eve}/{act}"), &[(field, "won")]).status, 404);
    }
    assert!(!team.browser.get("/leads/export").text.contains("eve@"));
    assert_eq!(Value::Null, other.get(&format!("/api/v1/leads/{eve}")).json["error"]);
}
