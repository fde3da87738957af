//! The messages of Anthropic.

use serde_json::{Value, json};

use crate::answer::model::habits::Refused;
use crate::answer::model::prompt::Prompt;
use crate::answer::model::wire::{Call, Finish, Step, Unusable};
use crate::config::Model;

const VERSION: &str = "2023-06-01";

pub fn call(model: &Model, prompt: &Prompt, refused: Refused) -> Call {
    let said = prompt.turns.iter().map(|turn| json!({ "role": turn.role.as_str(), "content": turn.text }));
    let mut body = json!({
        "model": model.model,
        "system": prompt.system,
        "messages": said.collect::<Vec<_>>(),
        "max_tokens": model.max_output_tokens,
        "stream": true,
    });
    if model.temperature >= 0.0 && !refused.temperature {
        body["temperature"] = json!(model.temperature.min(1.0));
    }
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("accept", "text/event-stream".to_owned()),
        ("anthropic-version", VERSION.to_owned()),
    ];
    if !model.api_key.is_empty() {
        headers.push(("x-api-key", model.api_key.0.clone()));
    }
    Call { url: model.endpoint("messages"), headers, body }
}

pub fn step(data: &Value) -> Result<Step, Unusable> {
    let none = Step::default();
    match data["type"].as_str() {
        Some("message_start") => {
            let usage = &data["message"]["usage"];
            let kinds = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
            let read = kinds.iter().filter_map(|kind| usage[kind].as_i64()).sum();
            Ok(Step { input_tokens: usage["input_tokens"].is_i64().then_some(read), ..none })
        }
        Some("content_block_delta") => {
            let text = data["delta"]["text"].as_str().unwrap_or_default().to_owned();
            let thinks_apart = matches!(data["delta"]["type"].as_str(), Some("thinking_delta" | "signature_delta"));
            Ok(Step { text, alive: true, thinks_apart, ..none })
        }
        Some("message_delta") => {
            let finish = data["delta"]["stop_reason"].as_str().map(|reason| match reason {
                "max_tokens" | "model_context_window_exceeded" => Finish::Length,
                "refusal" => Finish::Refused,
                _ => Finish::Whole,
            });
            Ok(Step { finish, output_tokens: data["usage"]["output_tokens"].as_i64(), ..none })
        }
        Some("message_stop") => Ok(Step { last: true, ..none }),
        Some("error") => Err(Unusable::Upstream),
        // More kinds of events may come, as Anthropic says; they are passed over.
        Some(_) => Ok(none),
        None => Err(Unusable::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_says_what_is_written_why_it_ends_and_what_it_took() {
        let check = |text: &str, expected: Result<Step, Unusable>| {
            assert_eq!(step(&serde_json::from_str(text).unwrap()), expected, "{text}");
        };
        let read = Step { input_tokens: Some(12), ..Step::default() };
        check(r#"{"type":"message_start","message":{"usage":{"input_tokens":5,"cache_read_input_tokens":7}}}"#, Ok(read));
        let written = Step { text: "Hi".into(), alive: true, ..Step::default() };
        check(r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hi"}}"#, Ok(written));
        let thinks = Step { alive: true, thinks_apart: true, ..Step::default() };
        check(r#"{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"Hm"}}"#, Ok(thinks));
        for (reason, finish) in [("end_turn", Finish::Whole), ("max_tokens", Finish::Length), ("refusal", Finish::Refused)] {
            let ended = Step { finish: Some(finish), output_tokens: Some(3), ..Step::default() };
            let text =
                format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}"}},"usage":{{"output_tokens":3}}}}"#);
            check(&text, Ok(ended));
        }
        check(r#"{"type":"ping"}"#, Ok(Step::default()));
        check(r#"{"type":"message_stop"}"#, Ok(Step { last: true, ..Step::default() }));
        check(r#"{"type":"error","error":{"type":"overloaded_error"}}"#, Err(Unusable::Upstream));
        check(r#"{"choices":[]}"#, Err(Unusable::Malformed));
    }
}
