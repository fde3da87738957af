//! The chat completions of OpenAI, which most model servers speak.

use serde_json::{Value, json};
use url::Url;

use crate::answer::model::habits::Refused;
use crate::answer::model::prompt::Prompt;
use crate::answer::model::wire::{Call, Finish, Step, Unusable};
use crate::config::Model;

pub const LENGTH: &str = "max_tokens";
/// OpenAI itself no longer takes the name that everybody else knows.
pub const LENGTH_NEW: &str = "max_completion_tokens";
/// Hosts of Azure end so.
const AZURE: [&str; 3] = [".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com"];
/// Where models think apart from what they say.
const THOUGHTS: [&str; 4] = ["reasoning_content", "reasoning", "thinking", "reasoning_details"];

pub fn call(model: &Model, prompt: &Prompt, refused: Refused) -> Call {
    let system = json!({ "role": "system", "content": prompt.system });
    let said = prompt.turns.iter().map(|turn| json!({ "role": turn.role.as_str(), "content": turn.text }));
    let messages: Vec<Value> = [system].into_iter().chain(said).collect();
    let mut body = json!({
        "model": model.model,
        "messages": messages,
        "stream": true,
    });
    if !refused.stream_options {
        body["stream_options"] = json!({ "include_usage": true });
    }
    let host = host(model.base_url());
    body[length_field(&host, refused)] = json!(model.max_output_tokens);
    if model.temperature >= 0.0 && !refused.temperature {
        body["temperature"] = json!(model.temperature);
    }
    let mut headers = vec![("content-type", "application/json".to_owned()), ("accept", "text/event-stream".to_owned())];
    if !model.api_key.is_empty() {
        headers.push(key_header(&host, &model.api_key.0));
    }
    Call { url: model.endpoint("chat/completions"), headers, body }
}

fn host(base_url: &str) -> String {
    Url::parse(base_url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

fn is_azure(host: &str) -> bool {
    AZURE.iter().any(|name| host.ends_with(name))
}

/// Azure takes a bearer for a token of its directory, where its older addresses are asked.
fn key_header(host: &str, key: &str) -> (&'static str, String) {
    if is_azure(host) { ("api-key", key.to_owned()) } else { ("authorization", format!("Bearer {key}")) }
}

fn length_field(host: &str, refused: Refused) -> &'static str {
    let own = host == "api.openai.com" || is_azure(host);
    if own == refused.length { LENGTH } else { LENGTH_NEW }
}

pub fn step(data: &Value) -> Result<Step, Unusable> {
    if data.get("error").is_some_and(|error| !error.is_null()) {
        return Err(Unusable::Upstream);
    }
    let usage = |name: &str| data["usage"][name].as_i64();
    let mut step = Step { input_tokens: usage("prompt_tokens"), output_tokens: usage("completion_tokens"), ..Step::default() };
    let Some(choices) = data["choices"].as_array() else {
        return if step.output_tokens.is_some() { Ok(step) } else { Err(Unusable::Malformed) };
    };
    let Some(choice) = choices.first() else { return Ok(step) };
    // Some proxies send what is said so far beside what is new, and some what is new as a message.
    let said = choice.get("delta").or_else(|| choice.get("message")).unwrap_or(&Value::Null);
    let (text, thinks_in_parts) = read(&said["content"]);
    step.text = text;
    step.thinks_apart = thinks_in_parts || THOUGHTS.iter().any(|name| is_something(&said[name]));
    step.alive = !step.text.is_empty() || step.thinks_apart;
    step.finish = choice["finish_reason"].as_str().map(|reason| match reason {
        "length" => Finish::Length,
        "content_filter" => Finish::Refused,
        _ => Finish::Whole,
    });
    Ok(step)
}

/// What is said, as a text or as a list of parts; and whether a part of it is thought.
fn read(content: &Value) -> (String, bool) {
    let parts = match content {
        Value::String(text) => return (text.clone(), false),
        Value::Array(parts) => parts,
        _ => return (String::new(), false),
    };
    let is_text = |part: &Value| part["type"].as_str().is_none_or(|kind| matches!(kind, "text" | "output_text"));
    let text = |part: &Value| part.as_str().or_else(|| part["text"].as_str()).unwrap_or_default().to_owned();
    let said = parts.iter().filter(|part| is_text(part)).map(text).collect();
    (said, parts.iter().any(|part| matches!(part["type"].as_str(), Some("thinking" | "reasoning"))))
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(parts) => !parts.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => false,
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
        let written = Step { text: "Hi".into(), alive: true, ..Step::default() };
        check(r#"{"choices":[{"delta":{"content":"Hi"},"finish_reason":null}],"usage":null}"#, Ok(written));
        check(r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#, Ok(Step::default()));
        check(
            r#"{"choices":[{"delta":{"reasoning_content":"Hm"}}]}"#,
            Ok(Step { alive: true, thinks_apart: true, ..Step::default() }),
        );
        for (reason, finish) in [("stop", Finish::Whole), ("length", Finish::Length), ("content_filter", Finish::Refused)] {
            let ended = Step { finish: Some(finish), ..Step::default() };
            check(&format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"{reason}"}}]}}"#), Ok(ended));
        }
        let used = Step { input_tokens: Some(9), output_tokens: Some(2), ..Step::default() };
        check(r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#, Ok(used));
        check(r#"{"error":{"message":"overloaded","code":502},"choices":[]}"#, Err(Unusable::Upstream));
        check(r#"{"error":"model runner has stopped"}"#, Err(Unusable::Upstream));
        check(r#"{"object":"something else"}"#, Err(Unusable::Malformed));
    }

    #[test]
    fn azure_gets_its_key_in_a_header_of_its_own() {
        for (host, name) in [
            ("mine.openai.azure.com", "api-key"),
            ("mine.cognitiveservices.azure.com", "api-key"),
            ("openai.azure.com.evil.test", "authorization"),
            ("api.openai.com", "authorization"),
        ] {
            assert_eq!(key_header(host, "k").0, name, "{host}");
        }
    }

    #[test]
    fn only_openai_itself_takes_the_new_name_of_the_length() {
        let taken = Refused::default();
        let refused = Refused { length: true, ..taken };
        for (base_url, name, other) in [
            ("https://api.openai.com/v1", LENGTH_NEW, LENGTH),
            ("https://mine.openai.azure.com/openai/deployments/x?api-version=2024-10-21", LENGTH_NEW, LENGTH),
            ("http://127.0.0.1:11434/v1", LENGTH, LENGTH_NEW),
        ] {
            let host = host(base_url);
            assert_eq!((length_field(&host, taken), length_field(&host, refused)), (name, other), "{base_url}");
        }
    }
}
