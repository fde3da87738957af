//! People who answer in the place of an agent: one at a time, and no visitor's message without somebody to answer it.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::desk::{Desk, QUESTION, desk, of};
use crate::server::Span::{Minutes, Ms};
use crate::server::{TestServer, until};
use crate::upstream::{Act, Upstream, chunk, head};
use crate::visitor::Visitor;

impl Desk {
    /// A visitor who has asked something, and the conversation.
    fn visitor(&self) -> (Visitor, String) {
        let visitor = self.server.visitor(&self.agent);
        let id = visitor.ask(QUESTION).conversation.unwrap();
        (visitor, id)
    }

    fn claimed_by(&self, id: &str) -> Option<String> {
        let find = "SELECT claimed_name FROM conversations WHERE id = ?1";
        self.server.database().query_row(find, [id], |row| row.get(0)).unwrap()
    }
}

fn claim(browser: &mut Browser, id: &str) -> u16 {
    browser.get(&format!("/conversations/{id}")).is(200);
    browser.submit(&format!("/conversations/{id}/claim"), &[]).status
}

fn hand_back(browser: &mut Browser, id: &str, seen: usize) -> u16 {
    browser.submit(&format!("/conversations/{id}/hand-back"), &[("seen", &seen.to_string())]).status
}

#[test]
fn while_a_person_answers_the_agent_says_nothing_and_nothing_is_lost() {
    let mut desk = desk();
    let (visitor, id) = desk.visitor();
    assert_eq!(claim(&mut desk.jane, &id), 303);
    let told = visitor.ask_stream("Is anybody there?");
    let names: Vec<_> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["start", "done"]);
    let done = &told[1].1;
    assert_eq!((&done["message"], &done["conversation_id"], &done["lead_form"]), (&Value::Null, &json!(id), &json!(false)));
    desk.reply(&id, "Yes, I am.");
    let messages = desk.messages(&id);
    assert_eq!((messages.len(), &messages[3]["content"]), (5, &json!("Is anybody there?")));
    let reply = &messages[4];
    assert_eq!(
        (&reply["role"], &reply["sent_by"], &reply["content"]),
        (&json!("assistant"), &json!("operator"), &json!("Yes, I am."))
    );
    let booted = visitor.again(&desk.agent).booted;
    assert_eq!((&booted["operator"]["name"], &booted["history"][4]["operator_name"]), (&json!("Jane"), &json!("Jane")));
    assert_eq!(hand_back(&mut desk.jane, &id, 5), 303);
    assert!(visitor.ask(QUESTION).text.contains("9:00"));
    assert_eq!(visitor.again(&desk.agent).booted["operator"], Value::Null);
}

#[test]
fn of_two_who_take_over_at_once_one_is_told_who_has_it() {
    let desk = desk();
    let (mut jane, mut sam) = (desk.jane.clone(), Browser::colleague(&desk.server, "Sam"));
    for _ in 0..8 {
        let (_, id) = desk.visitor();
        for browser in [&mut jane, &mut sam] {
            browser.get(&format!("/conversations/{id}")).is(200);
        }
        let (start, path) = (Barrier::new(2), format!("/conversations/{id}/claim"));
        let at_once = |browser: &mut Browser| {
            start.wait();
            browser.submit(&path, &[])
        };
        let (mine, theirs) = thread::scope(|scope| {
            let theirs = scope.spawn(|| at_once(&mut sam));
            (at_once(&mut jane), theirs.join().unwrap())
        });
        let mut statuses = [mine.status, theirs.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409]);
        let (holder, refused) = if mine.status == 303 { ("Jane", theirs) } else { ("Sam", mine) };
        assert_eq!(desk.claimed_by(&id).as_deref(), Some(holder));
        assert!(refused.text.contains(&format!("{holder} has this conversation.")), "{}", refused.text);
    }
}

#[test]
fn a_colleague_takes_over_only_from_whom_the_page_named() {
    let mut desk = desk();
    let (_, id) = desk.visitor();
    let mut sam = Browser::colleague(&desk.server, "Sam");
    assert_eq!(claim(&mut desk.jane, &id), 303);
    assert_eq!(claim(&mut sam, &id), 409);
    let jane: String =
        desk.server.database().query_row("SELECT claimed_by FROM conversations WHERE id = ?1", [&id], |row| row.get(0)).unwrap();
    let path = format!("/conversations/{id}/claim");
    assert_eq!(sam.submit(&path, &[("from", "usr_a1b2c3d4e5")]).status, 409);
    assert_eq!(sam.submit(&path, &[("from", &jane)]).status, 303);
    assert_eq!(desk.claimed_by(&id).as_deref(), Some("Sam"));
    let refused = desk.jane.submit(&format!("/conversations/{id}/reply"), &[("content", "Half a word"), ("once", "x")]).is(422);
    assert!(refused.text.contains("Half a word") && refused.text.contains("Sam has taken this conversation over"));
    assert_eq!(hand_back(&mut desk.jane, &id, 3), 409);
    assert_eq!(desk.messages(&id).len(), 3);
}

#[test]
fn an_answer_that_is_being_written_ends_with_the_take_over_and_is_not_kept() {
    let upstream = Upstream::listen();
    let server = TestServer::empty_with(|config| {
        upstream.configure(config, "primary");
        let model = config.models.get_mut("primary").unwrap();
        (model.first_token_timeout_ms, model.idle_timeout_ms) = (9_000, 9_000);
    });
    let jane = crate::browser::set_up(&server);
    let mut desk = of(server, jane);
    let (visitor, id) = desk.visitor();
    desk.jane.get(&format!("/conversations/{id}")).is(200);
    upstream.next();
    upstream.then(vec![head(), chunk("We open at nine and then, which is"), Act::Hang]);
    thread::scope(|scope| {
        let told = scope.spawn(|| visitor.ask_stream("And on Sundays?"));
        upstream.next();
        assert_eq!(desk.jane.submit(&format!("/conversations/{id}/claim"), &[]).status, 303);
        let told = told.join().unwrap();
        let (name, done) = told.last().unwrap();
        assert_eq!((name.as_str(), &done["message"]), ("done", &Value::Null));
    });
    let messages = desk.messages(&id);
    assert_eq!((messages.len(), &messages[3]["content"]), (4, &json!("And on Sundays?")));
    // Also where the answer was begun, taken over and handed back before its end.
    assert_eq!(hand_back(&mut desk.jane, &id, 4), 303);
    assert_eq!(desk.messages(&id).len(), 4);
}

#[test]
fn an_answer_and_a_take_over_at_once_agree_on_who_answers() {
    let mut desk = desk();
    for _ in 0..12 {
        let (visitor, id) = desk.visitor();
        desk.jane.get(&format!("/conversations/{id}")).is(200);
        let (start, path) = (Barrier::new(2), format!("/conversations/{id}/claim"));
        let said = thread::scope(|scope| {
            let said = scope.spawn(|| {
                start.wait();
                visitor.say(QUESTION).is(200).json
            });
            start.wait();
            desk.jane.submit(&path, &[]).is(303);
            said.join().unwrap()
        });
        let answered = !said["message"].is_null();
        assert_eq!(desk.messages(&id).len(), if answered { 5 } else { 4 });
        assert_eq!(visitor.say("Hello?").is(200).json["message"], Value::Null);
    }
}

#[test]
fn a_message_at_the_moment_of_the_hand_back_is_seen_or_answered() {
    let mut desk = desk();
    for _ in 0..12 {
        let (visitor, id) = desk.visitor();
        assert_eq!(claim(&mut desk.jane, &id), 303);
        desk.jane.get(&format!("/conversations/{id}")).is(200);
        let start = Barrier::new(2);
        let (said, handed) = thread::scope(|scope| {
            let said = scope.spawn(|| {
                start.wait();
                visitor.say(QUESTION).is(200).json
            });
            start.wait();
            let handed = hand_back(&mut desk.jane, &id, 3);
            (said.join().unwrap(), handed)
        });
        let answered = !said["message"].is_null();
        assert_eq!((handed, desk.claimed_by(&id).is_none()), if answered { (303, true) } else { (409, false) });
    }
}

#[test]
fn a_visitor_hears_of_the_operator_and_after_a_lost_line_of_what_was_missed() {
    let mut desk = desk();
    let (visitor, id) = desk.visitor();
    let (other, _) = desk.visitor();
    let (mut stream, mut others) = (visitor.stream(), other.stream());
    stream.ping();
    assert_eq!(claim(&mut desk.jane, &id), 303);
    let (name, data, _) = stream.whole_event().unwrap();
    assert_eq!((name.as_str(), data), ("taken_over", json!({ "name": "Jane" })));
    desk.jane.get(&format!("/conversations/{id}")).is(200);
    desk.jane.submit(&format!("/conversations/{id}/typing"), &[]).is(204);
    assert_eq!(stream.whole_event().unwrap().1, json!({ "name": "Jane" }));
    desk.reply(&id, "Hello there.");
    let (name, data, last) = stream.whole_event().unwrap();
    assert_eq!(
        (name.as_str(), &data["content"], &data["operator_name"]),
        ("operator_message", &json!("Hello there."), &json!("Jane"))
    );
    assert_eq!(data["id"], last);
    drop(stream);
    desk.server.pass(Ms(1));
    desk.reply(&id, "Are you still there?");
    let mut stream = visitor.stream_after(&last);
    let told: Vec<_> = (0..2).map(|_| stream.whole_event().unwrap()).collect();
    let names: Vec<_> = told.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["taken_over", "operator_message"]);
    assert_eq!(told[1].1["content"], "Are you still there?");
    assert_eq!(hand_back(&mut desk.jane, &id, 5), 303);
    assert_eq!(stream.event().as_deref(), Some("handed_back"));
    // Whoever else listens has heard nothing.
    others.ping();
    desk.api.delete(&format!("/api/v1/agents/{}", desk.agent)).is(200);
    assert_eq!(others.event().as_deref(), Some("deactivated"));
}

#[test]
fn a_reply_that_is_sent_twice_is_one_message() {
    let mut desk = desk();
    let (_, id) = desk.visitor();
    assert_eq!(claim(&mut desk.jane, &id), 303);
    for _ in 0..2 {
        desk.jane.submit(&format!("/conversations/{id}/reply"), &[("content", "Once."), ("once", "abc")]).is(303);
    }
    assert_eq!(desk.messages(&id).len(), 4);
    for content in ["", "   ", &"x".repeat(4_001)] {
        desk.jane.submit(&format!("/conversations/{id}/reply"), &[("content", content), ("once", "def")]).is(422);
    }
    assert_eq!(desk.messages(&id).len(), 4);
}

#[test]
fn the_end_of_a_conversation_hands_it_back() {
    let mut desk = desk();
    let (visitor, id) = desk.visitor();
    assert_eq!(claim(&mut desk.jane, &id), 303);
    visitor.close().is(200);
    assert_eq!(desk.claimed_by(&id), None);
    assert_eq!(desk.jane.submit(&format!("/conversations/{id}/claim"), &[]).status, 409);
    desk.server.pass(Ms(1));
    let (idle, id) = desk.visitor();
    assert_eq!(claim(&mut desk.jane, &id), 303);
    desk.server.pass(Minutes(31));
    until("the conversation ends", || desk.claimed_by(&id).is_none().then_some(()));
    assert!(idle.ask(QUESTION).text.contains("9:00"));
}

#[test]
fn only_the_team_that_owns_a_conversation_may_answer_in_it() {
    let desk = desk();
    let (visitor, id) = desk.visitor();
    let stranger = Browser::new(&desk.server);
    let paths =
        ["claim", "reply", "hand-back", "typing", "notes", "delete-visitor"].map(|act| format!("/conversations/{id}/{act}"));
    for path in &paths {
        assert_eq!(stranger.client.form(path, &[("csrf", "x")]).is(303).header("location"), "/login");
    }
    let other = desk.server.sign_up("other@example.com");
    let steal = "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = ?1) WHERE email = ?2";
    desk.server.database_to_fill().execute(steal, [crate::browser::EMAIL, "other@example.com"]).unwrap();
    let mut foreign = Browser::new(&desk.server);
    foreign.get("/login").is(200);
    foreign.submit("/login", &[("email", "other@example.com"), ("password", crate::browser::PASSWORD)]).is(303);
    foreign.get("/agents").is(200);
    for path in &paths {
        assert_eq!(foreign.submit(path, &[("content", "x"), ("note", "x"), ("once", "x")]).status, 404, "{path}");
    }
    let own = other.agent(&json!({ "name": "Other" }));
    let mut events = foreign.client.stream("/conversations/events");
    visitor.ask(QUESTION);
    let theirs = desk.server.visitor(&own).ask("Hello").conversation.unwrap();
    for (expected, told) in [("installed", json!({ "agent": own })), ("changed", json!({ "conversation": theirs }))] {
        let (name, data, _) = events.whole_event().unwrap();
        assert_eq!((name.as_str(), data), (expected, told));
    }
}
