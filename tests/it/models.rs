//! Answers by language models: what they are told, what visitors see of them, and what is kept.

use chatforge::config::Provider;
use serde_json::{Value, json};

use crate::server::Span::{Days, Ms};
use crate::server::TestServer;
use crate::upstream::{Upstream, chunk, finish, head, says};
use crate::visitor::Visitor;

const FAQ: &str = "Q: What are your opening hours?\nA: We are open from 9:00 to 17:00 on weekdays.\n\n\
                   Q: How much is a check-up?\nA: A check-up is $129 with X-rays and cleaning. See https://acme.example/prices.";

/// A server with this one model, and an agent that knows opening hours and prices.
pub fn with_model() -> (TestServer, Upstream, String) {
    let upstream = Upstream::listen();
    let server = TestServer::start_with(|config| upstream.configure(config, "primary"));
    let agent = server.agent(&json!({ "name": "Ada", "greeting": "Welcome!" }));
    server.teach(&agent, "faq", FAQ);
    (server, upstream, agent)
}

/// The trace of the last message of the agent's newest conversation. Then the clock ticks, so that the next one is newer.
pub fn last_trace(server: &TestServer, agent: &str) -> Value {
    let listed = server.conversations(agent)[0].clone();
    assert!(listed["messages"].as_array().unwrap().iter().all(|message| message.get("trace").is_none()));
    let shown = server.get(&format!("/api/v1/conversations/{}", listed["id"].as_str().unwrap())).is(200).json;
    server.pass(Ms(1));
    shown["messages"].as_array().unwrap().last().unwrap()["trace"].clone()
}

#[test]
fn a_model_streams_its_answer_in_order_with_the_sources_that_it_cites() {
    let (server, upstream, agent) = with_model();
    upstream.then(says(&["We open ", "at 9", " [", "1]", ", and close at 5 [1][7]."]));
    let events = server.visitor(&agent).ask_stream("What are your opening hours?");
    let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
    let deltas = names.iter().filter(|name| **name == "delta").count();
    let expected: Vec<_> = ["start"].into_iter().chain(vec!["delta"; deltas]).chain(["sources", "done"]).collect();
    assert_eq!(names, expected);
    let text: String = events.iter().filter_map(|(_, data)| data["text"].as_str()).collect();
    assert_eq!(text, "We open at 9, and close at 5.");
    let done = &events.last().unwrap().1;
    assert_eq!((&done["message"]["content"], &done["message"]["answered"]), (&json!(text), &json!(true)));
    assert_eq!(done["message"]["sources"].as_array().unwrap().len(), 1);
    assert_eq!(done["message"]["sources"][0]["title"], "What are your opening hours?");
    assert_eq!(done["lead_form"], false);
    assert!(done["message"].get("interrupted").is_none());
    let trace = last_trace(&server, &agent);
    assert_eq!(
        (&trace["provider"], &trace["model"], &trace["zone"]),
        (&json!("primary"), &json!("test-model"), &json!("answer"))
    );
    assert_eq!((&trace["input_tokens"], &trace["output_tokens"], &trace["cost_micros"]), (&json!(100), &json!(20), &json!(140)));
    assert_eq!((&trace["degraded"], &trace["estimated"]), (&Value::Null, &json!(false)));
    assert_eq!(trace["passages"][0]["heading"], "What are your opening hours?");
}

#[test]
fn the_prompt_holds_rules_wishes_numbered_sources_what_was_said_and_the_question_last() {
    let (server, upstream, agent) = with_model();
    let wishes = json!({ "answering": { "instructions": "Call visitors guests.", "tone": "formal" } });
    server.put(&format!("/api/v1/agents/{agent}"), &wishes).is(200);
    let visitor = server.visitor(&agent);
    visitor.ask("What are your opening hours?");
    visitor.ask("How much is a check-up?");
    upstream.next();
    let asked = upstream.next();
    assert_eq!(
        (asked.path.as_str(), &asked.json["model"], &asked.json["stream"]),
        ("/v1/chat/completions", &json!("test-model"), &json!(true))
    );
    assert!(asked.head.contains("Bearer sk-very-secret"), "{}", asked.head);
    assert_eq!((&asked.json["max_tokens"], &asked.json["temperature"]), (&json!(600), &json!(0.2)));
    let system = asked.system();
    for words in [
        "You are Ada",
        "NO_ANSWER",
        "guests.",
        "formal",
        "<source 1>\nWhat are your opening hours?\nWe are open from",
        "<source 2>",
    ] {
        assert!(system.contains(words), "{words}: {system}");
    }
    let expected =
        [("user", "What are your opening hours?"), ("assistant", "We open at 9."), ("user", "How much is a check-up?")];
    assert_eq!(asked.turns(), expected);
}

#[test]
fn h13_no_other_agents_knowledge_is_in_a_prompt() {
    let (server, upstream, agent) = with_model();
    let other = server.agent(&json!({ "name": "Other", "answering": { "instructions": "Say zebra." } }));
    server.teach(&other, "faq", "Q: What is the secret opening hours code?\nA: The code is 4711.");
    server.visitor(&other).ask("What are your opening hours?");
    server.visitor(&agent).ask("What is the secret opening hours code of the other agent?");
    assert!(upstream.next().system().contains("4711"));
    let prompt = upstream.next().json.to_string();
    assert!(!prompt.contains("4711") && !prompt.contains("zebra"), "{prompt}");
}

#[test]
fn a_long_knowledge_base_goes_along_in_passages() {
    let (server, upstream, agent) = with_model();
    let topics = ["bicycle", "kettle", "garden", "window", "carpet", "lantern"];
    let entry =
        |n: usize| format!("Q: How much is the {} number {n}?\nA: {}", topics[n % 6], "It is dear and lasts long. ".repeat(8));
    server.teach(&agent, "faq", &(0..150).map(entry).collect::<Vec<_>>().join("\n\n"));
    server.visitor(&agent).ask("What are your opening hours?");
    let system = upstream.next().system().to_owned();
    assert!(system.contains("We are open from 9:00") && system.matches("<source ").count() <= 6, "{system}");
}

#[test]
fn small_talk_and_contact_details_ask_no_model() {
    let (server, upstream, agent) = with_model();
    let visitor = server.visitor(&agent);
    for said in ["Hello", "Thank you!", "my e-mail is jane@example.com"] {
        visitor.ask(said);
    }
    assert_eq!(upstream.rest(), 0);
    assert_eq!(last_trace(&server, &agent)["provider"], "embedded");
}

#[test]
fn an_agent_that_wants_no_model_asks_none() {
    let (server, upstream, agent) = with_model();
    server.put(&format!("/api/v1/agents/{agent}"), &json!({ "answering": { "model": "off" } })).is(200);
    let answer = server.visitor(&agent).ask("What are your opening hours?");
    assert!(answer.text.contains("9:00 to 17:00"), "{}", answer.text);
    assert_eq!(upstream.rest(), 0);
}

#[test]
fn where_the_model_finds_no_answer_it_is_said_so_and_a_person_offered() {
    let (server, upstream, agent) = with_model();
    for said in [&["NO", "_ANS", "WER"][..], &["**NO_ANSWER**"], &["<think>Nothing here.</think>\n", "NO_ANSWER."]] {
        upstream.then(says(said));
        let visitor = server.visitor(&agent);
        let events = visitor.ask_stream("How much is a check-up on Sundays?");
        let shown: String = events.iter().filter_map(|(_, data)| data["text"].as_str()).collect();
        assert!(!shown.contains("ANS") && !shown.is_empty(), "{shown}");
        let done = &events.last().unwrap().1;
        assert_eq!((&done["message"]["answered"], &done["lead_form"]), (&json!(false), &json!(true)));
        assert!(!done["suggestions"].as_array().unwrap().is_empty());
        let trace = last_trace(&server, &agent);
        assert_eq!((&trace["provider"], &trace["degraded"]), (&json!("embedded"), &json!("no_answer")));
    }
    // Each took a call, so each counts against the budgets.
    assert_eq!(server.count("SELECT answers FROM model_days"), 3);
}

#[test]
fn h02_an_answer_links_only_where_the_knowledge_leads_and_shows_no_picture() {
    let (server, upstream, agent) = with_model();
    upstream.then(says(&[
        "See [prices](https://acme.example/prices) or [this](https://evil",
        ".test/?d=1) ![x](https://evil.test/x) https://evil.test [2].",
    ]));
    let answer = server.visitor(&agent).ask("How much is a check-up?");
    assert_eq!(answer.text, "See [prices](https://acme.example/prices) or this.");
}

#[test]
fn the_second_model_answers_where_the_first_cannot_and_an_agent_may_prefer_one() {
    let (first, second) = (Upstream::listen(), Upstream::listen());
    let server = TestServer::start_with(|config| {
        first.configure(config, "primary");
        second.configure(config, "spare");
    });
    let agent = server.agent(&json!({ "name": "Ada" }));
    server.teach(&agent, "faq", FAQ);
    first.then(crate::upstream::refuses(500, "", "{}"));
    second.always(says(&["From nine [1]."]));
    assert_eq!(server.visitor(&agent).ask("What are your opening hours?").text, "From nine.");
    let trace = last_trace(&server, &agent);
    assert_eq!(
        (&trace["provider"], &trace["failures"]),
        (&json!("spare"), &json!([{ "model": "primary", "reason": "http_500" }]))
    );
    server.put(&format!("/api/v1/agents/{agent}"), &json!({ "answering": { "model": "spare" } })).is(200);
    first.next();
    server.visitor(&agent).ask("What are your opening hours?");
    assert_eq!(first.rest(), 0);
}

#[test]
fn anthropic_is_spoken_too() {
    let upstream = Upstream::listen();
    let server = TestServer::start_with(|config| {
        config.models.insert("claude".into(), upstream.model(Provider::Anthropic));
        config.answers.models = vec!["claude".into()];
    });
    let agent = server.agent(&json!({ "name": "Ada" }));
    server.teach(&agent, "faq", FAQ);
    let events = [
        ("message_start", json!({ "type": "message_start", "message": { "usage": { "input_tokens": 50, "output_tokens": 1 } } })),
        ("ping", json!({ "type": "ping" })),
        ("content_block_delta", json!({ "type": "content_block_delta", "delta": { "type": "text_delta", "text": "From nine" } })),
        ("content_block_delta", json!({ "type": "content_block_delta", "delta": { "type": "text_delta", "text": " [1]." } })),
        (
            "message_delta",
            json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 7 } }),
        ),
        ("message_stop", json!({ "type": "message_stop" })),
    ];
    let sent = events.iter().map(|(name, data)| crate::upstream::Act::Send(format!("event: {name}\ndata: {data}\n\n")));
    upstream.then([head()].into_iter().chain(sent).collect());
    assert_eq!(server.visitor(&agent).ask("What are your opening hours?").text, "From nine.");
    let asked = upstream.next();
    assert_eq!(asked.path, "/v1/messages");
    assert!(asked.head.contains("x-api-key: sk-very-secret") && asked.head.contains("anthropic-version: "), "{}", asked.head);
    assert!(asked.json["system"].as_str().unwrap().contains("We are open") && asked.json["max_tokens"].is_u64());
    assert_eq!(asked.turns(), [("user", "What are your opening hours?")]);
    let trace = last_trace(&server, &agent);
    assert_eq!((&trace["provider"], &trace["input_tokens"], &trace["output_tokens"]), (&json!("claude"), &json!(50), &json!(7)));
}

#[test]
fn an_answer_that_the_model_cuts_off_says_so() {
    let (server, upstream, agent) = with_model();
    upstream.then(vec![head(), chunk("From nine [1] to"), finish("length")]);
    assert_eq!(server.visitor(&agent).ask("What are your opening hours?").text, "From nine to\u{2026}");
    assert_eq!(last_trace(&server, &agent)["truncated"], true);
}

#[test]
fn tokens_that_the_provider_does_not_count_are_guessed() {
    let (server, upstream, agent) = with_model();
    upstream.then(vec![head(), chunk("From nine [1]."), crate::upstream::Act::Send("data: [DONE]\n\n".into())]);
    server.visitor(&agent).ask("What are your opening hours?");
    let trace = last_trace(&server, &agent);
    assert!(trace["estimated"] == true && trace["input_tokens"].as_i64().unwrap() > 200, "{trace}");
    assert_eq!(trace["output_tokens"], 4);
}

fn provider_of(server: &TestServer, agent: &str, visitor: &Visitor) -> (Value, Value) {
    visitor.ask("What are your opening hours?");
    let conversation = visitor.again(agent).booted["conversation_id"].as_str().unwrap().to_owned();
    let shown = server.get(&format!("/api/v1/conversations/{conversation}")).is(200).json;
    let trace = &shown["messages"].as_array().unwrap().last().unwrap()["trace"];
    (trace["provider"].clone(), trace["degraded"].clone())
}

#[test]
fn with_high_caution_only_what_names_its_source_is_shown() {
    let (server, upstream, agent) = with_model();
    server.put(&format!("/api/v1/agents/{agent}"), &json!({ "answering": { "caution": "high" } })).is(200);
    upstream.then(says(&["We never ", "close."])).then(says(&["From ", "nine [1]."])).then(vec![head(), chunk("We ne")]);
    let visitor = server.visitor(&agent);
    for (shown, provider, degraded) in [
        ("9:00 to 17:00", json!("embedded"), json!("uncited")),
        ("From nine.", json!("primary"), Value::Null),
        ("9:00 to 17:00", json!("embedded"), json!("failed")),
    ] {
        let text = visitor.ask("What are your opening hours?").text;
        assert!(text.contains(shown) && !text.contains("We ne"), "{text}");
        let trace = last_trace(&server, &agent);
        assert_eq!((&trace["provider"], &trace["degraded"], &trace["interrupted"]), (&provider, &degraded, &Value::Null));
    }
}

type Limit = fn(&mut chatforge::config::Answers);

#[test]
fn budgets_lead_to_quoted_answers_and_the_trace_says_which_one() {
    let cases: [(&str, Limit); 5] = [
        ("budget_visitor", |answers| answers.model_answers_per_visitor_day = 1),
        ("budget_agent", |answers| answers.model_answers_per_agent_day = 1),
        ("budget_account", |answers| answers.model_answers_per_account_day = 1),
        ("budget_server", |answers| answers.model_answers_per_server_day = 1),
        ("budget_server", |answers| answers.model_cost_per_server_day = 0.000_14),
    ];
    for (reason, limit) in cases {
        let upstream = Upstream::listen();
        let server = TestServer::start_with(|config| {
            upstream.configure(config, "primary");
            limit(&mut config.answers);
        });
        let agent = server.agent(&json!({ "name": "Ada" }));
        server.teach(&agent, "faq", FAQ);
        let visitor = server.visitor(&agent);
        let written = (json!("primary"), Value::Null);
        assert_eq!(provider_of(&server, &agent, &visitor), written, "{reason}");
        assert_eq!(provider_of(&server, &agent, &visitor), (json!("embedded"), json!(reason)));
        server.pass(Days(1));
        assert_eq!(provider_of(&server, &agent, &visitor.again(&agent)), written, "{reason}");
        assert_eq!(upstream.rest(), 2);
    }
}

#[test]
fn what_models_take_is_counted_by_agent_and_day_also_where_nothing_is_kept() {
    let (server, _upstream, agent) = with_model();
    server.visitor(&agent).ask("What are your opening hours?");
    server.set_plan("free");
    server.database_to_fill().execute("UPDATE usage SET conversations = 100", []).unwrap();
    let over = server.visitor(&agent).ask("What are your opening hours?");
    assert_eq!((over.text.as_str(), over.conversation), ("We open at 9.", None));
    let sums = "answers || ' ' || input_tokens || ' ' || output_tokens || ' ' || cost_micros";
    for table in ["model_use", "model_days"] {
        let row: String = server.database().query_row(&format!("SELECT {sums} FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(row, "2 200 40 280", "{table}");
    }
}

#[test]
fn answering_settings_are_shown_changed_one_by_one_and_judged() {
    let server = TestServer::start();
    let made = server.post("/api/v1/agents", &json!({ "name": "Ada", "answering": { "tone": "brief" } })).is(201).json;
    let defaults = json!({ "instructions": "", "tone": "brief", "caution": "normal", "model": "on", "ask_unmatched": false });
    assert_eq!(made["answering"], defaults);
    let path = format!("/api/v1/agents/{}", made["id"].as_str().unwrap());
    let changed = server.put(&path, &json!({ "answering": { "caution": "high", "instructions": "Be kind." } })).is(200).json;
    assert_eq!((&changed["answering"]["caution"], &changed["answering"]["tone"]), (&json!("high"), &json!("brief")));
    // What was shown can be sent back.
    assert_eq!(server.put(&path, &changed).is(200).json["answering"], changed["answering"]);
    let wrong = json!({ "answering": { "tone": "rude", "instructions": "x".repeat(4_001) } });
    assert_eq!(server.put(&path, &wrong).fails(422, "validation_error").refused(), ["answering.instructions", "answering.tone"]);
    assert_eq!(server.put(&path, &json!({ "answering": null })).fails(422, "validation_error").refused(), ["answering"]);
    assert_eq!(server.get(&path).json["answering"], changed["answering"]);
}

#[test]
fn the_key_of_a_model_is_kept_nowhere() {
    let (mut server, upstream, agent) = with_model();
    upstream.then(crate::upstream::refuses(400, "", "{\"error\":\"your key sk-very-secret is bad\"}"));
    server.visitor(&agent).ask("What are your opening hours?");
    server.visitor(&agent).ask("How much is a check-up?");
    server.stop();
    for entry in std::fs::read_dir(server.folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let bytes = std::fs::read(&entry).unwrap();
        assert!(!bytes.windows(14).any(|window| window == b"sk-very-secret"), "{}", entry.display());
    }
}

#[test]
fn the_command_line_asks_the_models_too_and_stores_nothing() {
    let upstream = Upstream::listen();
    let file = format!(
        "[models.primary]\nmodel = \"m\"\nbase_url = \"{}\"\napi_key = \"sk-very-secret\"\n[answers]\nmodels = [\"primary\"]\n",
        upstream.url()
    );
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "Ada" }));
    server.teach(&agent, "faq", FAQ);
    let path = server.folder().join("models.toml");
    std::fs::write(&path, file).unwrap();
    let ask = |more: &[&str]| {
        let arguments = ["--config", path.to_str().unwrap(), "agent", "ask", &agent, "What are your opening hours?"];
        server.cli(&[&arguments[..], more].concat()).is(0)
    };
    let told: Value = serde_json::from_str(&ask(&["--json"]).stdout).unwrap();
    assert_eq!((&told["answer"], &told["provider"], &told["model"]), (&json!("We open at 9."), &json!("primary"), &json!("m")));
    assert_eq!((&told["zone"], &told["input_tokens"]), (&json!("answer"), &json!(100)));
    assert_eq!(told["sources"][0]["title"], "What are your opening hours?");
    let plain = ask(&[]);
    assert!(plain.stdout.contains("We open at 9.") && plain.stdout.contains("by: primary"), "{plain:?}");
    upstream.always(crate::upstream::refuses(500, "", "{}"));
    let failed = ask(&[]);
    assert!(failed.stdout.contains("primary: http_500") && failed.stdout.contains("9:00 to 17:00"), "{failed:?}");
    assert_eq!(upstream.rest(), 3);
    let quoted = ask(&["--embedded"]);
    assert!(quoted.stdout.contains("by: embedded"), "{quoted:?}");
    assert!(!format!("{plain:?}{failed:?}").contains("sk-very"));
    assert_eq!((upstream.rest(), server.count("SELECT count(*) FROM messages")), (0, 0));
}
