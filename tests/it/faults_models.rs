//! Models that fail, hang, babble or betray, and visitors who leave: every answer ends, and is kept.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::models::{last_trace, with_model};
use crate::server::Span::{Ms, Seconds};
use crate::server::{TestServer, until};
use crate::upstream::{Act, Upstream, chunk, finish, head, refuses, says};
use crate::visitor::Visitor;

const QUESTION: &str = "What are your opening hours?";
const QUOTE: &str = "9:00 to 17:00";

fn send(text: &str) -> Act {
    Act::Send(text.to_owned())
}

fn reasons(trace: &Value) -> Vec<&str> {
    trace["failures"].as_array().unwrap().iter().map(|failure| failure["reason"].as_str().unwrap()).collect()
}

#[test]
fn h14_a_model_that_fails_before_its_first_word_leaves_the_quoted_answer() {
    let plain = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    let cases = [
        ("http_401", refuses(401, "", "{}")),
        ("http_429", refuses(429, "", "{}")),
        ("http_500", refuses(500, "", "oops")),
        ("http_302", refuses(302, "Location: http://127.0.0.1:1/\r\n", "")),
        ("first_token_timeout", vec![Act::Hang]),
        ("first_token_timeout", vec![head(), send(": still thinking\n\n"), Act::Hang]),
        ("malformed", vec![head(), send("data: {not json\n\n"), Act::Hang]),
        ("malformed", vec![head(), send("data: [1, 2]\n\n"), Act::Hang]),
        ("upstream_error", vec![head(), send("data: {\"error\":{\"message\":\"overloaded\"}}\n\n"), Act::Hang]),
        ("cut_off", vec![head()]),
        ("not_a_stream", refuses(200, "", "{\"choices\":[]}")),
        ("protocol_error", vec![send("SSH-2.0-OpenSSH\r\n")]),
        ("protocol_error", vec![]),
        ("empty", vec![head(), finish("stop")]),
        ("refused", vec![head(), finish("content_filter")]),
        ("too_large", vec![send(plain), send(&"x".repeat(300_000)), Act::Hang]),
    ];
    let (server, upstream, agent) = with_model();
    for (reason, acts) in cases {
        // Long enough for a model that rests to be tried again.
        server.pass(Seconds(600));
        upstream.then(acts);
        let answer = server.visitor(&agent).ask(QUESTION);
        assert!(answer.text.contains(QUOTE) && answer.answered, "{reason}: {}", answer.text);
        let trace = last_trace(&server, &agent);
        assert_eq!((&trace["provider"], &trace["degraded"]), (&json!("embedded"), &json!("failed")), "{reason}");
        assert_eq!(reasons(&trace), [reason]);
        assert_eq!(trace["interrupted"], Value::Null);
    }
}

#[test]
fn h14_a_model_that_is_not_there_leaves_the_quoted_answer() {
    let upstream = Upstream::listen();
    let server = TestServer::start_with(|config| {
        upstream.configure(config, "primary");
        config.models.get_mut("primary").unwrap().base_url = "http://127.0.0.1:1/v1".into();
    });
    let agent = server.agent(&json!({ "name": "Ada" }));
    server.teach(&agent, "faq", "Q: What are your opening hours?\nA: From 9:00 to 17:00.");
    assert!(server.visitor(&agent).ask(QUESTION).text.contains(QUOTE));
    assert_eq!(reasons(&last_trace(&server, &agent)), ["connect_refused"]);
}

#[test]
fn h14_what_was_shown_of_an_answer_that_breaks_off_stays_and_the_quoted_one_follows() {
    let cases = [
        ("cut_off", vec![]),
        ("idle_timeout", vec![Act::Hang]),
        ("upstream_error", vec![send("data: {\"error\":\"gone\"}\n\n")]),
        ("malformed", vec![send("data: {\"cho\n\n")]),
        ("cut_off", vec![send("data: {\"cho")]),
    ];
    let (server, upstream, agent) = with_model();
    for (reason, rest) in cases {
        server.pass(Seconds(600));
        upstream.then([head(), chunk("We open at half"), chunk(" past")].into_iter().chain(rest).collect());
        let events = server.visitor(&agent).ask_stream(QUESTION);
        let text: String = events.iter().filter_map(|(_, data)| data["text"].as_str()).collect();
        assert!(text.starts_with("We open at half past\u{2026}\n\n") && text.contains(QUOTE), "{reason}: {text}");
        let done = &events.last().unwrap().1;
        assert_eq!((&done["message"]["content"], &done["message"]["interrupted"]), (&json!(text), &json!("model_failed")));
        assert_eq!(done["message"]["sources"].as_array().unwrap().len(), 1);
        let trace = last_trace(&server, &agent);
        assert_eq!((&trace["provider"], &trace["degraded"]), (&json!("primary"), &json!("failed")), "{reason}");
        assert_eq!((reasons(&trace), &trace["interrupted"]), (vec![reason], &json!("model_failed")));
    }
}

#[test]
fn h14_a_giant_answer_is_cut_off() {
    let (server, upstream, agent) = with_model();
    let babble: Vec<Act> = (0..2_000).map(|_| chunk("word and word and ")).collect();
    upstream.then([head()].into_iter().chain(babble).chain([Act::Hang]).collect());
    let answer = server.visitor(&agent).ask(QUESTION);
    assert_eq!(answer.text.chars().count(), 8_001);
    assert_eq!(last_trace(&server, &agent)["truncated"], true);
    upstream.was_left();
}

#[test]
fn h14_all_models_together_have_one_time_limit() {
    let (first, second) = (Upstream::listen(), Upstream::listen());
    let server = TestServer::start_with(|config| {
        first.configure(config, "primary");
        second.configure(config, "spare");
        config.answers.model_time_limit_ms = 700;
    });
    let agent = server.agent(&json!({ "name": "Ada" }));
    server.teach(&agent, "faq", "Q: What are your opening hours?\nA: From 9:00 to 17:00.");
    first.always(vec![head(), Act::Hang]);
    second.always(vec![head(), Act::Hang]);
    let started = Instant::now();
    assert!(server.visitor(&agent).ask(QUESTION).text.contains(QUOTE));
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(reasons(&last_trace(&server, &agent)), ["first_token_timeout", "time_limit"]);
}

#[test]
fn h14_a_hanging_model_holds_up_no_quoted_answer() {
    let upstream = Upstream::listen();
    let server = TestServer::start_with(|config| {
        upstream.configure(config, "primary");
        config.answers.threads = 1;
        config.answers.model_calls_max = 2;
        config.models.get_mut("primary").unwrap().first_token_timeout_ms = 8_000;
    });
    let agents: Vec<String> = (0..2).map(|_| server.agent(&json!({ "name": "Ada" }))).collect();
    agents.iter().for_each(|agent| drop(server.teach(agent, "faq", "Q: What are your opening hours?\nA: From 9:00 to 17:00.")));
    upstream.always(vec![head(), Act::Hang]);
    let hanging: Vec<TcpStream> =
        agents.iter().map(|agent| open_stream(&server, &server.visitor(agent), QUESTION, "1")).collect();
    (0..2).for_each(|_| drop(upstream.next()));
    server.pass(Ms(1));
    let started = Instant::now();
    let answer = server.visitor(&agents[0]).ask(QUESTION);
    assert!(answer.text.contains(QUOTE) && started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(last_trace(&server, &agents[0])["degraded"], "busy");
    drop(hanging);
    upstream.was_left();
}

#[test]
fn a_model_that_keeps_failing_is_left_alone_for_a_while_and_readiness_says_so() {
    let (server, upstream, agent) = with_model();
    let model = || server.client().get("/readyz").is(200).json["models"]["primary"].clone();
    assert_eq!(model(), "ok");
    upstream.always(refuses(500, "", "{}"));
    let visitor = server.visitor(&agent);
    (0..4).for_each(|_| drop(visitor.ask(QUESTION)));
    assert_eq!((model(), upstream.rest()), (json!("resting"), 4));
    visitor.ask(QUESTION);
    assert_eq!((upstream.rest(), reasons(&last_trace(&server, &agent))), (0, vec!["resting"]));
    server.pass(Seconds(15));
    upstream.always(says(&["From nine [1]."]));
    assert_eq!(server.visitor(&agent).ask(QUESTION).text, "From nine.");
    assert_eq!(model(), "ok");
}

#[test]
fn answers_that_are_held_back_for_what_was_asked_do_not_put_the_model_to_rest() {
    let (server, upstream, agent) = with_model();
    upstream.always(vec![head(), finish("content_filter")]);
    let visitor = server.visitor(&agent);
    (0..5).for_each(|_| drop(visitor.ask(QUESTION)));
    assert_eq!((upstream.rest(), reasons(&last_trace(&server, &agent))), (5, vec!["refused"]));
}

#[test]
fn h14_a_model_that_asks_for_time_gets_it() {
    let (server, upstream, agent) = with_model();
    upstream.then(refuses(429, "Retry-After: 20\r\n", "{}"));
    server.visitor(&agent).ask(QUESTION);
    server.pass(Seconds(19));
    server.visitor(&agent).ask(QUESTION);
    assert_eq!(upstream.rest(), 1);
    server.pass(Seconds(1));
    assert_eq!(server.visitor(&agent).ask(QUESTION).text, "We open at 9.");
}

/// A streamed answer whose connection the test holds.
fn open_stream(server: &TestServer, visitor: &Visitor, content: &str, client_id: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
    let body = json!({ "content": content, "client_id": client_id }).to_string();
    let (session, length) = (&visitor.session, body.len());
    write!(
        stream,
        "POST /widget/v1/messages HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {session}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    stream
}

/// Reads on until this has come.
fn read_until(stream: &mut TcpStream, text: &str) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let (mut all, mut buffer) = (String::new(), [0; 4096]);
    while !all.contains(text) {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the stream ended: {all}");
        all.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    all
}

fn patient() -> (TestServer, Upstream, String) {
    let upstream = Upstream::listen();
    let server = TestServer::start_with(|config| {
        upstream.configure(config, "primary");
        let model = config.models.get_mut("primary").unwrap();
        (model.first_token_timeout_ms, model.idle_timeout_ms) = (20_000, 20_000);
    });
    let agent = server.agent(&json!({ "name": "Ada" }));
    server.teach(&agent, "faq", "Q: What are your opening hours?\nA: From 9:00 to 17:00.");
    (server, upstream, agent)
}

/// Once the answer is kept.
fn kept(server: &TestServer, agent: &str) -> Value {
    until("the answer is kept", || {
        let conversation = server.conversations(agent).first().cloned()?;
        let last = conversation["messages"].as_array().unwrap().last().unwrap().clone();
        (last["role"] == "assistant" && conversation["messages_count"] == 3).then_some(last)
    })
}

#[test]
fn h15_a_visitor_who_leaves_ends_the_call_within_a_second_and_what_was_shown_is_kept() {
    let (server, upstream, agent) = patient();
    upstream.then(vec![head(), chunk("We open at nine "), chunk("and "), Act::Hang]);
    let visitor = server.visitor(&agent);
    let mut stream = open_stream(&server, &visitor, QUESTION, "one");
    read_until(&mut stream, "and");
    let left = Instant::now();
    drop(stream);
    let noticed = upstream.was_left().saturating_duration_since(left);
    assert!(noticed < Duration::from_secs(1), "{noticed:?}");
    assert_eq!(kept(&server, &agent)["content"], "We open at nine and");
    let trace = last_trace(&server, &agent);
    assert_eq!((&trace["interrupted"], &trace["provider"]), (&json!("visitor_left"), &json!("primary")));
    // The slot is free: the same message again is answered anew, in the place of what was left.
    let again = visitor.post("messages", &json!({ "content": QUESTION, "client_id": "one" })).is(200).json;
    assert_eq!((&again["message"]["content"], server.count("SELECT count(*) FROM messages")), (&json!("We open at 9."), 3));
    assert_eq!(last_trace(&server, &agent)["interrupted"], Value::Null);
}

#[test]
fn h15_a_visitor_who_leaves_before_the_first_word_leaves_the_quoted_answer() {
    let (server, upstream, agent) = patient();
    upstream.then(vec![Act::Hang]);
    let stream = open_stream(&server, &server.visitor(&agent), QUESTION, "one");
    upstream.next();
    let left = Instant::now();
    drop(stream);
    assert!(upstream.was_left().saturating_duration_since(left) < Duration::from_secs(1));
    assert!(kept(&server, &agent)["content"].as_str().unwrap().contains(QUOTE));
}

#[test]
fn what_a_model_used_for_a_visitor_who_is_deleted_meanwhile_is_counted_and_nothing_else_is_kept() {
    let (server, upstream, agent) = patient();
    server.put(&format!("/api/v1/agents/{agent}"), &json!({ "answering": { "ask_unmatched": true } })).is(200);
    upstream.then(vec![Act::Hang]);
    let visitor = server.visitor(&agent);
    let stream = open_stream(&server, &visitor, "Do you repair violins?", "one");
    upstream.next();
    server.delete(&format!("/api/v1/visitors/{}", visitor.id)).is(200);
    drop(stream);
    until("the use is counted", || (server.count("SELECT count(*) FROM model_use") == 1).then_some(()));
    assert_eq!(server.count("SELECT count(*) FROM unanswered_questions"), 0);
    assert_eq!(server.count("SELECT count(*) FROM messages"), 0);
}

#[test]
fn h15_a_visitor_may_stop_an_answer_and_its_stream_ends_with_what_was_shown() {
    let (server, upstream, agent) = patient();
    let visitor = server.visitor(&agent);
    assert_eq!(visitor.post("stop", &json!({})).is(200).json, json!({ "stopped": false }));
    upstream.then(vec![head(), chunk("We open at nine "), chunk("and "), Act::Hang]);
    let mut stream = open_stream(&server, &visitor, QUESTION, "one");
    read_until(&mut stream, "and");
    visitor.post("messages", &json!({ "content": "And now?" })).fails(409, "conflict");
    assert_eq!(visitor.post("stop", &json!({})).is(200).json, json!({ "stopped": true }));
    let rest = read_until(&mut stream, "visitor_stopped");
    assert!(rest.contains("event: done") && rest.contains("\"content\":\"We open at nine and\""), "{rest}");
    upstream.was_left();
    assert_eq!(visitor.ask(QUESTION).text, "We open at 9.");
    server.client().post("/widget/v1/stop", &json!({})).fails(401, "unauthorized");
}

#[test]
fn h15_a_server_that_stops_keeps_what_was_shown() {
    let (mut server, upstream, agent) = patient();
    upstream.then(vec![head(), chunk("We open at nine "), chunk("and "), Act::Hang]);
    let visitor = server.visitor(&agent);
    let body = json!({ "content": QUESTION });
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| visitor.post("messages", &body));
        upstream.next();
        let started = Instant::now();
        server.restart();
        assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
        let _ = waiting.join();
    });
    assert_eq!(kept(&server, &agent)["content"], "We open at nine and");
    assert_eq!(last_trace(&server, &agent)["interrupted"], "server_stopped");
}

#[test]
fn h13_whatever_a_visitor_writes_neither_the_marker_nor_the_rules_come_out() {
    let upstream = Upstream::listen();
    let server = TestServer::start_with(|config| {
        upstream.configure(config, "primary");
        config.testing.public_limits = false;
        config.answers.model_answers_per_visitor_day = 0;
    });
    let agent = server.agent(
        &json!({ "name": "Ada", "answering": { "instructions": "Never say that we buy from Globex.", "ask_unmatched": true } }),
    );
    server.teach(&agent, "faq", "Q: What are your opening hours?\nA: From 9:00 to 17:00.");
    // The worst of models: it tells everything that it was told.
    upstream.always(vec![head(), Act::Confess, finish("stop")]);
    let attacks: Vec<String> = include_str!("../data/injections.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.replace("\\n", "\n"))
        .collect();
    assert!(attacks.len() >= 50, "{}", attacks.len());
    let mut asked = 0;
    for attack in &attacks {
        let events = server.visitor(&agent).ask_stream(attack);
        let shown = events.iter().map(|(_, data)| data.to_string()).collect::<String>().to_lowercase();
        assert!(!shown.contains("never add facts") && !shown.contains("globex"), "{attack}: {shown}");
        while let Some(request) = upstream.poll() {
            asked += 1;
            assert!(!shown.contains(request.canary()), "{attack}: {shown}");
            // What a visitor says stays what a visitor says.
            assert_eq!(request.turns(), [("user", attack.as_str())]);
            assert_eq!(request.json["messages"].as_array().unwrap().len(), 2);
            assert!(!request.system().contains(attack.as_str()), "{attack}");
        }
    }
    assert!(asked > 40, "{asked}");
    let leaked = "SELECT count(*) FROM messages WHERE role = 'assistant' AND content LIKE '%never add facts%'";
    assert_eq!(server.count(leaked), 0);
}
