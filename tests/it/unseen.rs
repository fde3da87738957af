//! Signs that nobody sees and that change what stands around them: kept nowhere, and shown on no terminal.

use serde_json::json;

use crate::browser::signed_in;
use crate::models::{last_trace, with_model};
use crate::server::TestServer;
use crate::upstream::{Upstream, says};
use crate::widget::with_agent;

const QUESTION: &str = "What are your opening hours?";

fn is_unseen(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() && !matches!(c, '\n' | '\t') || turns
}

#[test]
fn signs_of_a_model_that_nobody_sees_are_neither_shown_nor_kept() {
    let (server, upstream, agent) = with_model();
    upstream.then(says(&[
        "We open\x1b]0;pwned\x07\x1b",
        "[31m at \u{202e}nine ht\u{2066}",
        "tps://evil.test/?d=1 \0[\x081]\u{9b}2J.",
    ]));
    let events = server.visitor(&agent).ask_stream(QUESTION);
    let shown: String = events.iter().filter_map(|(_, data)| data["text"].as_str()).collect();
    assert_eq!(shown, "We open]0;pwned 31m at nine 2J.");
    let kept: String =
        server.database().query_row("SELECT content FROM messages WHERE sources <> '[]'", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, shown);
}

#[test]
fn signs_that_turn_a_strangers_words_are_taken_out_and_controls_are_refused() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    for control in ["\0", "\x1b[31m", "\x07", "\x7f", "\u{9b}2J"] {
        visitor.say(&format!("Hello{control}")).fails(422, "validation_error");
        visitor.lead(&json!({ "name": format!("Eve{control}x"), "email": "eve@example.com" })).fails(422, "validation_error");
    }
    let conversation = visitor.ask("Is \u{202e}exe.txt\u{202c} \u{2066}fine\u{2069}? شكرا\u{200f}").conversation.unwrap();
    let form = json!({ "name": "\u{202e}Eve", "company": "A\u{2067}cme", "message": "\u{202b}x\n\u{200e}y", "email": "\u{202a}eve@example.com\u{202c}" });
    visitor.lead(&form).is(201);
    let said = &server.get(&format!("/api/v1/conversations/{conversation}")).json["messages"];
    assert!(said.as_array().unwrap().iter().any(|message| message["content"] == "Is exe.txt fine? شكرا\u{200f}"), "{said}");
    let lead = &server.leads(&agent)[0];
    for (field, text) in [("name", "Eve"), ("company", "Acme"), ("message", "x\n\u{200e}y"), ("email", "eve@example.com")] {
        assert_eq!(lead[field], text, "{lead}");
    }
}

#[test]
fn the_command_line_spells_out_what_a_terminal_would_obey() {
    let (server, agent) = with_agent();
    let evil = "Ada\x1b]0;pwned\x07\u{202e}\tx\ny\u{9b}2J";
    let db = server.database_to_fill();
    for table in ["accounts", "agents", "api_keys"] {
        db.execute(&format!("UPDATE {table} SET name = ?1"), [evil]).unwrap();
    }
    for (arguments, lines) in [(["account", "list"], 1), (["agent", "list"], 1), (["key", "list"], 1)] {
        let told = server.cli(&arguments).is(0).stdout;
        assert!(told.contains("Ada\\u{1b}]0;pwned\\u{7}\\u{202e}\\tx\\ny\\u{9b}2J\n"), "{told:?}");
        assert_eq!((told.lines().count(), told.contains(is_unseen)), (lines, false), "{told:?}");
    }
    db.execute("UPDATE knowledge SET content = 'Q: Open?' || char(10) || 'A: We open' || char(27) || '[2J at nine.'", [])
        .unwrap();
    for more in [&["--embedded"][..], &["--embedded", "--json"]] {
        let told = server.cli(&[&["agent", "ask", &agent, "Open?"], more].concat()).is(0).stdout;
        assert!(!told.contains(is_unseen), "{told:?}");
    }
    let exported = server.cli(&["agent", "export", &agent]).is(0).stdout;
    assert!(!exported.contains(is_unseen));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&exported).unwrap()["agent"]["name"], evil);
}

#[test]
fn the_text_of_a_conversation_holds_no_sign_that_nobody_sees() {
    let (server, mut browser) = signed_in();
    let account: String = server.database().query_row("SELECT id FROM accounts", [], |row| row.get(0)).unwrap();
    let agent = server.api_of(&account).agent(&json!({ "name": "Ada" }));
    let conversation = server.visitor(&agent).ask("Hello").conversation.unwrap();
    // As an earlier version kept it.
    server
        .database_to_fill()
        .execute("UPDATE messages SET content = 'a' || char(27) || char(0x202e) || 'b' || char(10) || 'c'", [])
        .unwrap();
    let text = browser.get(&format!("/conversations/{conversation}/export?format=text")).is(200).text;
    assert!(text.contains("\nab\nc\n") && !text.contains(is_unseen), "{text:?}");
}

#[test]
fn short_instructions_are_not_repeated_and_the_marker_is_known_in_every_spelling() {
    let upstream = Upstream::listen();
    let server = TestServer::start_with(|config| upstream.configure(config, "primary"));
    let secret = "Secret discount code is SAVE99, which only partners with a contract may ever be told about.";
    let agent = server.agent(&json!({ "name": "Ada", "answering": { "instructions": secret } }));
    server.teach(&agent, "faq", "Q: What are your opening hours?\nA: From 9:00 to 17:00.");
    upstream.then(says(&["We are told: ", secret]));
    let answer = server.visitor(&agent).ask(QUESTION);
    assert!(answer.text.starts_with("We are told: Secret discount code") && !answer.text.contains("SAVE99"), "{}", answer.text);
    assert_eq!(last_trace(&server, &agent)["degraded"], "leak");
    upstream.then(says(&["Our code for partners is told to partners with a contract [1]."]));
    let answer = server.visitor(&agent).ask(QUESTION);
    assert_eq!(answer.text, "Our code for partners is told to partners with a contract.");
}
