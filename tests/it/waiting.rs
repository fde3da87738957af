//! What waits for a person: its place in the inbox, what of it is unread, and how it goes back to the agent.

use serde_json::{Value, json};

use crate::browser::{Browser, between};
use crate::desk::{Desk, QUESTION, desk};
use crate::server::Span::{Minutes, Ms};
use crate::server::until;
use crate::visitor::Visitor;

const LEFT: &str = "Handed back after 5 minutes without a reply";

impl Desk {
    /// Somebody new who writes after all others.
    fn newcomer(&self, words: &str) -> (Visitor, String) {
        self.server.pass(Ms(1_000));
        let visitor = self.server.visitor(&self.agent);
        let id = visitor.ask(words).conversation.unwrap();
        (visitor, id)
    }

    fn claim(&mut self, id: &str) {
        self.jane.get(&format!("/conversations/{id}")).is(200);
        self.jane.submit(&format!("/conversations/{id}/claim"), &[]).is(303);
    }

    fn is_claimed(&self, id: &str) -> bool {
        let find = "SELECT claimed_by IS NOT NULL FROM conversations WHERE id = ?1";
        self.server.database().query_row(find, [id], |row| row.get(0)).unwrap()
    }

    /// The agent has answered what was waiting; the last message is its.
    fn answered(&self, id: &str, count: usize) -> Value {
        until("the agent answers", || Some(self.messages(id)).filter(|messages| messages.len() == count)).pop().unwrap()
    }
}

/// The conversations of the inbox, in its order.
fn shown(browser: &mut Browser, query: &str) -> Vec<String> {
    let page = browser.get(&format!("/conversations{query}")).is(200).text;
    let rows = page.split("row-link clamp-1\" href=\"/conversations/").skip(1);
    rows.map(|row| row.split('"').next().unwrap().to_owned()).collect()
}

/// How many conversations the navigation says want somebody.
fn wanting(browser: &mut Browser) -> i64 {
    between(&browser.get("/agents").is(200).text, "data-count=\"", "\"").unwrap().parse().unwrap()
}

#[test]
fn who_waits_for_a_person_comes_first_and_then_the_newest_message() {
    let mut desk = desk();
    let (first, a) = desk.newcomer("About apples");
    let (second, b) = desk.newcomer("About bread");
    let (third, c) = desk.newcomer("About cheese");
    let (_, d) = desk.newcomer("About dates");
    assert_eq!(shown(&mut desk.jane, ""), [&d, &c, &b, &a].map(String::as_str));
    desk.server.pass(Ms(1_000));
    first.ask(QUESTION);
    assert_eq!(shown(&mut desk.jane, ""), [&a, &d, &c, &b].map(String::as_str));
    desk.claim(&b);
    desk.claim(&c);
    for visitor in [&third, &second, &third] {
        desk.server.pass(Ms(1_000));
        visitor.say("Is anybody there?").is(200);
    }
    assert_eq!(shown(&mut desk.jane, ""), [&c, &b, &a, &d].map(String::as_str));
    assert_eq!(shown(&mut desk.jane, "?q=there"), [&c, &b].map(String::as_str));
    desk.server.pass(Ms(1_000));
    desk.reply(&c, "Yes.");
    assert_eq!(shown(&mut desk.jane, ""), [&b, &c, &a, &d].map(String::as_str));
    let page = desk.jane.get("/conversations").text;
    assert!(page.contains("Waiting for Jane") && page.contains("Jane: Yes.") && page.contains("Is anybody there?"));
    // Programs see them by their start, as ever.
    let listed = desk.api.get(&format!("/api/v1/agents/{}/conversations", desk.agent)).is(200).json["conversations"].clone();
    let listed: Vec<_> = listed.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(listed, [&d, &c, &b, &a].map(String::as_str));
}

#[test]
fn the_inbox_is_turned_without_a_gap_while_conversations_move() {
    let mut desk = desk();
    let visitors: Vec<_> = (0..32).map(|number| desk.newcomer(&format!("Question {number}"))).collect();
    let id = |number: usize| visitors[number].1.clone();
    for number in [3, 7, 5] {
        desk.claim(&id(number));
        desk.server.pass(Ms(1_000));
        visitors[number].0.say("Hello?").is(200);
    }
    let expected: Vec<_> =
        [3, 7, 5].into_iter().chain((0..32).rev().filter(|number| ![3, 5, 7].contains(number))).map(id).collect();
    let first = desk.jane.get("/conversations").is(200).text;
    assert_eq!(shown(&mut desk.jane, ""), expected[..25]);
    let after = between(&first, "after=", "\"").unwrap().to_owned();
    // The one on which the page ended moves to its top; the next page is the same.
    let last = visitors.iter().find(|(_, id)| *id == expected[24]).unwrap();
    desk.server.pass(Ms(1_000));
    last.0.ask(QUESTION);
    assert_eq!(shown(&mut desk.jane, &format!("?after={after}")), expected[25..]);
    assert_eq!(shown(&mut desk.jane, "?after=nonsense").len(), 25);
}

#[test]
fn what_nobody_has_read_is_counted_until_somebody_who_may_answer_opens_it() {
    let mut desk = desk();
    let mut viewer = Browser::colleague_as(&desk.server, "Vera", "viewer");
    let mut sam = Browser::colleague(&desk.server, "Sam");
    let (visitor, id) = desk.newcomer("Hello");
    desk.newcomer("Good evening");
    let unread = |browser: &mut Browser| browser.get("/conversations").text.matches("class=\"unread\"").count();
    assert_eq!((wanting(&mut desk.jane), unread(&mut desk.jane)), (2, 2));
    viewer.get(&format!("/conversations/{id}")).is(200);
    for act in ["claim", "reply", "hand-back", "typing"] {
        assert_eq!(viewer.submit(&format!("/conversations/{id}/{act}"), &[("content", "x"), ("once", "x")]).status, 403);
    }
    assert_eq!((wanting(&mut desk.jane), unread(&mut desk.jane)), (2, 2));
    sam.get(&format!("/conversations/{id}")).is(200);
    assert_eq!((wanting(&mut desk.jane), unread(&mut desk.jane)), (1, 1));
    visitor.ask("And now?");
    assert_eq!(unread(&mut desk.jane), 2);
    desk.claim(&id);
    assert_eq!(unread(&mut desk.jane), 1);
    // What waits counts also when it is read.
    visitor.say("Is anybody there?").is(200);
    desk.jane.get(&format!("/conversations/{id}")).is(200);
    assert_eq!((wanting(&mut desk.jane), unread(&mut desk.jane)), (2, 1));
    desk.reply(&id, "Yes.");
    assert_eq!(wanting(&mut desk.jane), 1);
    let other = desk.server.sign_up("other@example.com");
    let theirs = other.agent(&json!({ "name": "Other" }));
    desk.server.visitor(&theirs).ask("Hello");
    assert_eq!(wanting(&mut desk.jane), 1);
}

#[test]
fn an_open_page_that_asks_for_the_count_is_told_each_time_it_changes() {
    let mut desk = desk();
    let mut events = desk.jane.client.stream("/conversations/events?count=1");
    let mut counted = || loop {
        let (name, data, _) = events.whole_event().unwrap();
        if name == "count" {
            return data["count"].as_i64().unwrap();
        }
    };
    assert_eq!(counted(), 0);
    let (_, id) = desk.newcomer("Hello");
    assert_eq!(counted(), 1);
    desk.jane.get(&format!("/conversations/{id}")).is(200);
    assert_eq!(counted(), 0);
}

#[test]
fn a_conversation_that_is_left_waiting_goes_back_and_the_agent_answers() {
    let mut desk = desk();
    let (visitor, id) = desk.newcomer("Hello");
    desk.claim(&id);
    desk.server.pass(Minutes(20));
    assert!(desk.is_claimed(&id), "nobody waits");
    let mut stream = visitor.stream();
    assert_eq!(stream.event().as_deref(), Some("taken_over"));
    visitor.say(QUESTION).is(200);
    desk.server.pass(Ms(5 * 60_000 - 1));
    desk.server.store_settles();
    assert!(desk.is_claimed(&id));
    desk.server.pass(Ms(1));
    let answer = desk.answered(&id, 5);
    assert!(answer["content"].as_str().unwrap().contains("9:00"), "{answer}");
    assert_eq!((&answer["role"], &answer["operator_name"]), (&json!("assistant"), &Value::Null));
    assert!(!desk.is_claimed(&id));
    let (name, data, _) = stream.whole_event().unwrap();
    assert_eq!((name.as_str(), data), ("handed_back", json!({ "name": "Jane", "away": true })));
    let (name, data, _) = stream.whole_event().unwrap();
    assert_eq!((name.as_str(), &data["content"]), ("agent_message", &answer["content"]));
    for path in ["/conversations".to_owned(), format!("/conversations/{id}")] {
        assert!(desk.jane.get(&path).is(200).text.contains(LEFT), "{path}");
    }
    // From here on the agent answers as ever, and taking over again forgets it.
    assert!(visitor.ask(QUESTION).text.contains("9:00"));
    desk.claim(&id);
    assert!(!desk.jane.get("/conversations").text.contains(LEFT));
    // Webhooks hear of nothing new.
    assert_eq!(desk.server.count("SELECT count(*) FROM events WHERE type LIKE '%hand%' OR type LIKE '%taken%'"), 0);
}

#[test]
fn whoever_writes_or_types_keeps_the_conversation() {
    let mut desk = desk();
    let (visitor, id) = desk.newcomer("Hello");
    desk.claim(&id);
    visitor.say("Is anybody there?").is(200);
    for _ in 0..3 {
        desk.server.pass(Minutes(4));
        desk.jane.submit(&format!("/conversations/{id}/typing"), &[]).is(204);
    }
    desk.server.store_settles();
    assert!(desk.is_claimed(&id));
    desk.reply(&id, "I am.");
    desk.server.pass(Minutes(9));
    desk.server.store_settles();
    assert!(desk.is_claimed(&id));
    // A colleague who types has not got it.
    let mut sam = Browser::colleague(&desk.server, "Sam");
    sam.get(&format!("/conversations/{id}")).is(200);
    visitor.say(QUESTION).is(200);
    desk.server.pass(Minutes(4));
    sam.submit(&format!("/conversations/{id}/typing"), &[]).is(204);
    desk.server.pass(Minutes(1));
    desk.answered(&id, 7);
}

#[test]
fn the_time_is_chosen_in_the_settings_and_0_is_never() {
    let mut desk = desk();
    desk.jane.get("/settings").is(200);
    for wrong in ["", "-1", "61", "5.5", "soon"] {
        desk.jane.submit("/settings/live", &[("minutes", wrong)]).is(422);
    }
    desk.jane.submit("/settings/live", &[("minutes", "0")]).is(303);
    let (visitor, id) = desk.newcomer("Hello");
    desk.claim(&id);
    visitor.say(QUESTION).is(200);
    desk.server.pass(Minutes(20));
    desk.server.store_settles();
    assert!(desk.is_claimed(&id));
    desk.jane.submit("/settings/live", &[("minutes", "1")]).is(303);
    desk.answered(&id, 5);
    assert!(desk.jane.get("/conversations").text.contains("Handed back after 1 minute without a reply"));
    let mut sam = Browser::colleague(&desk.server, "Sam");
    sam.get("/settings").is(200);
    assert_eq!(sam.submit("/settings/live", &[("minutes", "3")]).status, 403);
}

#[test]
fn a_hand_back_outlives_a_restart_at_any_moment() {
    for owed in [false, true] {
        let mut desk = desk();
        let (visitor, id) = desk.newcomer("Hello");
        desk.claim(&id);
        visitor.say(QUESTION).is(200);
        desk.server.stop();
        desk.server.pass(Minutes(6));
        if owed {
            // Handed back, and stopped before the agent had answered.
            let owe = "UPDATE conversations SET claimed_by = NULL, claimed_name = NULL, claimed_at = NULL, waiting_since = NULL,
                           silent_since = NULL, answer_owed = 1";
            desk.server.database_to_fill().execute(owe, []).unwrap();
        }
        desk.server.restart();
        let answered = "SELECT count(*) FROM messages WHERE seq = 4 AND author = 'agent'";
        until("the agent answers", || (desk.server.count(answered) == 1).then_some(()));
        assert_eq!(desk.server.count("SELECT count(*) FROM conversations WHERE answer_owed = 1 OR claimed_by IS NOT NULL"), 0);
    }
}

#[test]
fn a_conversation_goes_by_the_name_of_its_lead_or_by_its_question() {
    let mut desk = desk();
    let (visitor, id) = desk.newcomer("Do you sell \"submarines\"?");
    let page = desk.jane.get(&format!("/conversations/{id}")).is(200).text;
    assert!(page.contains("<title>Do you sell &#34;submarines&#34;? · ChatForge</title>") && page.contains("id=\"lead-card\""));
    visitor.lead(&json!({ "name": "Zoë", "email": "zoe@example.com", "phone": "+49 (0)30 123-45" })).is(201);
    let page = desk.jane.get(&format!("/conversations/{id}")).is(200).text;
    assert!(page.contains("<title>Zoë · ChatForge</title>") && page.contains("href=\"tel:+493012345\""), "{page}");
}
