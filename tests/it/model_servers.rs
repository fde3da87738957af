//! Model servers as they are: how they stream, what they call thought, and what they will not take.

use std::time::{Duration, Instant};

use chatforge::config::Provider;
use serde_json::{Value, json};

use crate::models::{last_trace, with_model};
use crate::server::Span::Seconds;
use crate::server::TestServer;
use crate::upstream::{Act, Upstream, chunk, finish, head, refuses, says};

const QUESTION: &str = "What are your opening hours?";
const QUOTE: &str = "9:00 to 17:00";

/// A server whose one model is set up so.
fn with(provider: Provider, set: impl FnOnce(&mut chatforge::config::Model)) -> (TestServer, Upstream, String) {
    let upstream = Upstream::listen();
    let server = TestServer::start_with(|config| {
        let mut model = upstream.model(provider);
        set(&mut model);
        config.models.insert("primary".into(), model);
        config.answers.models = vec!["primary".into()];
    });
    let agent = server.agent(&json!({ "name": "Ada" }));
    server.teach(&agent, "faq", "Q: What are your opening hours?\nA: We are open from 9:00 to 17:00.");
    (server, upstream, agent)
}

/// The stream as it is, and cut into small pieces.
#[track_caller]
fn check_stream(provider: Provider, stream: &str) {
    let (server, upstream, agent) = with(provider, |_| {});
    let pieces = |length: usize| {
        let letters: Vec<char> = stream.chars().collect();
        let sent: Vec<Act> = letters.chunks(length).map(|piece| Act::Send(piece.iter().collect())).collect();
        [head()].into_iter().chain(sent).collect::<Vec<_>>()
    };
    for length in [stream.len(), 7] {
        upstream.then(pieces(length));
        let answer = server.visitor(&agent).ask(QUESTION);
        let trace = last_trace(&server, &agent);
        assert_eq!(answer.text, "We open at 9.", "{trace}");
        assert_eq!((&trace["provider"], &trace["degraded"]), (&json!("primary"), &Value::Null));
        assert_eq!((&trace["input_tokens"], &trace["output_tokens"]), (&json!(100), &json!(20)));
        assert_eq!((&trace["estimated"], &trace["failures"]), (&json!(false), &json!([])));
    }
}

macro_rules! streams {
    ($($name:ident: $provider:ident, $file:literal;)*) => {
        $(#[test]
        fn $name() {
            check_stream(Provider::$provider, include_str!(concat!("../data/streams/", $file, ".sse")));
        })*
    };
}

streams! {
    openai_is_read_as_it_streams: OpenAi, "openai";
    azure_is_read_as_it_streams: OpenAi, "azure";
    azure_is_read_with_a_filter_that_comes_later: OpenAi, "azure_async_filter";
    gemini_is_read_as_it_streams: OpenAi, "gemini";
    ollama_is_read_as_it_streams: OpenAi, "ollama";
    ollama_is_read_where_the_model_thinks: OpenAi, "ollama_thinking";
    vllm_is_read_as_it_streams: OpenAi, "vllm";
    vllm_is_read_where_the_model_thinks: OpenAi, "vllm_reasoning";
    vllm_is_read_where_nobody_takes_the_thoughts_out: OpenAi, "vllm_without_parser";
    llama_cpp_is_read_as_it_streams: OpenAi, "llama_cpp";
    llama_cpp_is_read_where_the_model_thinks: OpenAi, "llama_cpp_deepseek";
    lm_studio_is_read_as_it_streams: OpenAi, "lm_studio";
    lm_studio_is_read_where_channels_come_through: OpenAi, "lm_studio_gpt_oss";
    openrouter_is_read_as_it_streams: OpenAi, "openrouter";
    groq_is_read_as_it_streams: OpenAi, "groq";
    mistral_is_read_as_it_streams: OpenAi, "mistral";
    mistral_is_read_where_the_model_thinks: OpenAi, "mistral_reasoning";
    deepseek_is_read_as_it_streams: OpenAi, "deepseek";
    anthropic_is_read_where_the_model_thinks: Anthropic, "anthropic_thinking";
    a_proxy_that_sends_messages_is_read: OpenAi, "proxy_messages";
}

#[test]
fn what_a_model_thinks_is_shown_to_nobody() {
    let (server, upstream, agent) = with_model();
    let cases: [(&[&str], &str); 9] = [
        (&["The visitor wants the", " price. Source 2 says.\n</th", "ink>\n\nWe open", " at 9 [1]."], "We open at 9."),
        (&["<thinking>hidden plan</thinking>We open at 9 [1]."], "We open at 9."),
        (&["<Thought>hidden", " plan</thought>We open at 9 [1]."], "We open at 9."),
        (&["[THINK]hidden plan[/TH", "INK]We open at 9 [1]."], "We open at 9."),
        (&["\u{25c1}think\u{25b7}hidden plan\u{25c1}/think\u{25b7}We open at 9 [1]."], "We open at 9."),
        (
            &["<|channel|>analysis<|message|>hidden<|end|><|start|>assistant<|channel|>final<|message|>We open at 9."],
            "We open at 9.",
        ),
        (&["Sure. <think>hidden", " plan</think> We open at 9 [1]."], "Sure. We open at 9."),
        (&["<think>hidden plan"], QUOTE),
        (&["Sure. <think>hidden plan"], QUOTE),
    ];
    for (pieces, shown) in cases {
        upstream.then(says(pieces));
        let events = server.visitor(&agent).ask_stream(QUESTION);
        let all = events.iter().map(|(_, data)| data.to_string()).collect::<String>();
        let text: String = events.iter().filter_map(|(_, data)| data["text"].as_str()).collect();
        assert!(text == shown || (shown == QUOTE && text.contains(QUOTE)), "{pieces:?}: {text}");
        assert!(!all.contains("hidden") && !all.contains("Source 2"), "{all}");
    }
    assert_eq!(server.count("SELECT count(*) FROM messages WHERE content LIKE '%hidden%' OR content LIKE '%Source 2%'"), 0);
}

#[test]
fn a_model_whose_thoughts_began_unseen_is_remembered() {
    let (server, upstream, agent) = with_model();
    let long = "So the visitor wants to know the hours. ".repeat(40);
    upstream.then(says(&["Hm.</think>We open at 9 [1]."])).then(says(&[&long, &long, "</think>We open at 9 [1]."]));
    for _ in 0..2 {
        assert_eq!(server.visitor(&agent).ask(QUESTION).text, "We open at 9.");
    }
}

#[test]
fn of_a_model_that_is_said_to_think_nothing_shows_before_its_thought_ends() {
    let (server, upstream, agent) = with(Provider::OpenAi, |model| model.thinks = true);
    let long = "So the visitor wants to know the hours. ".repeat(40);
    upstream
        .then(says(&[&long, "</think>", "We open at 9 [1]."]))
        .then(says(&["We open ", "at nine [1]."]))
        .then(vec![head(), chunk(&long), finish("length")])
        .then(vec![head(), chunk(&long)]);
    for shown in ["We open at 9.", "We open at nine.", QUOTE, QUOTE] {
        let text = server.visitor(&agent).ask(QUESTION).text;
        assert!(text.contains(shown) && !text.contains("So the visitor"), "{text}");
    }
}

#[test]
fn an_answer_waits_a_second_at_most_and_not_at_all_where_the_model_is_known() {
    let (server, upstream, agent) = with(Provider::OpenAi, |model| model.idle_timeout_ms = 1_800);
    let hanging = || vec![head(), chunk("We open at nine "), Act::Hang];
    upstream.then(hanging());
    let started = Instant::now();
    let text = server.visitor(&agent).ask(QUESTION).text;
    assert!(text.starts_with("We open at nine") && text.contains(QUOTE), "{text}");
    assert!(started.elapsed() < Duration::from_secs(5));
    for _ in 0..3 {
        server.visitor(&agent).ask(QUESTION);
    }
    let marked = chunk(&"x ".repeat(3));
    upstream.then(vec![head(), marked, chunk("<think>y"), Act::Hang]);
    assert!(server.visitor(&agent).ask(QUESTION).text.starts_with("x x x"));
}

#[test]
fn a_field_that_a_server_will_not_take_is_left_out_from_then_on() {
    let new_name = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    let extra = r#"{"detail":[{"type":"extra_forbidden","loc":["body","stream_options","include_usage"],"input":true}]}"#;
    let warm = "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.";
    let told = |text: &str| json!({ "error": { "message": text, "code": null } }).to_string();
    let cases: [(u16, String, &str); 3] =
        [(400, told(new_name), "max_tokens"), (422, extra.into(), "stream_options"), (400, told(warm), "temperature")];
    for (status, body, field) in &cases {
        let (server, upstream, agent) = with_model();
        upstream.then(refuses(*status, "", body));
        for _ in 0..2 {
            assert_eq!(server.visitor(&agent).ask(QUESTION).text, "We open at 9.", "{field}");
            let trace = last_trace(&server, &agent);
            assert_eq!((&trace["degraded"], &trace["failures"]), (&Value::Null, &json!([])));
        }
        assert!(upstream.next().json.get(field).is_some(), "{field}");
        for _ in 0..2 {
            let asked = upstream.next().json;
            assert!(asked.get(field).is_none(), "{field}");
            assert_eq!(asked.get("max_completion_tokens").is_some(), *field == "max_tokens");
        }
        assert_eq!(upstream.rest(), 0);
    }
    let (server, upstream, agent) = with_model();
    for (status, body, _) in &cases {
        upstream.then(refuses(*status, "", body));
    }
    assert_eq!(server.visitor(&agent).ask(QUESTION).text, "We open at 9.");
    assert_eq!(upstream.rest(), 4);
}

#[test]
fn a_server_that_complains_on_is_asked_once_for_each_field_and_the_trace_says_what_it_said() {
    let (server, upstream, agent) = with_model();
    upstream.always(refuses(400, "", r#"{"error":{"message":"temperature, sk-very-secret: no"}}"#));
    assert!(server.visitor(&agent).ask(QUESTION).text.contains(QUOTE));
    assert_eq!(upstream.rest(), 2);
    let reason = last_trace(&server, &agent)["failures"][0]["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("http_400: ") && reason.contains("temperature, (hidden): no"), "{reason}");
    server.pass(Seconds(600));
    upstream.always(refuses(400, "", "max_tokens stream_options temperature"));
    server.visitor(&agent).ask(QUESTION);
    assert_eq!(upstream.rest(), 4);
    upstream.always(refuses(400, "", "no such model"));
    server.visitor(&agent).ask(QUESTION);
    assert_eq!(upstream.rest(), 1);
    server.pass(Seconds(1));
    upstream.always(refuses(403, "", "temperature"));
    server.visitor(&agent).ask(QUESTION);
    assert_eq!((upstream.rest(), &last_trace(&server, &agent)["failures"][0]["reason"]), (1, &json!("http_403")));
}

#[test]
fn a_version_in_the_query_of_an_address_stays_in_the_query() {
    let (server, upstream, agent) = with(Provider::OpenAi, |model| {
        model.base_url = model.base_url.replace("/v1", "/openai/deployments/x/?api-version=2024-10-21")
    });
    assert_eq!(server.visitor(&agent).ask(QUESTION).text, "We open at 9.");
    assert_eq!(upstream.next().path, "/openai/deployments/x/chat/completions?api-version=2024-10-21");
}

#[test]
fn a_model_that_reads_the_whole_knowledge_is_asked_whatever_the_question() {
    let (server, upstream, agent) = with_model();
    upstream.always(says(&["Yes, on foot [1]."]));
    assert_eq!(server.visitor(&agent).ask("Quelque chose incompréhensible?").text, "Yes, on foot.");
    let (server, upstream, agent) = with(Provider::OpenAi, |model| model.knowledge_chars_max = 20);
    let visitor = server.visitor(&agent);
    visitor.ask("zxqvw blorp");
    assert!(!visitor.ask("Quelque chose incompréhensible?").answered);
    assert_eq!((upstream.rest(), &last_trace(&server, &agent)["degraded"]), (0, &json!("unmatched")));
    server.put(&format!("/api/v1/agents/{agent}"), &json!({ "answering": { "ask_unmatched": true } })).is(200);
    visitor.ask("Quelque chose incompréhensible?");
    assert_eq!(upstream.rest(), 1);
    let (server, upstream, _) = with_model();
    let empty = server.agent(&json!({ "name": "Empty" }));
    server.visitor(&empty).ask("Do you repair violins?");
    assert_eq!(upstream.rest(), 0);
}
