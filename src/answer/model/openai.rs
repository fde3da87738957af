//! The chat completions of OpenAI, which most model servers speak.

use serde_json::{Value, json};
use url::Url;

use crate::answer::model::prompt::Prompt;
use crate::answer::model::wire::{Call, Finish, Step, Unusable};
use crate::config::Model;

pub fn call(model: &Model, prompt: &Prompt) -> Call {
    let system = json!({ "role": "system", "content": prompt.system });
    let said = prompt.turns.iter().map(|turn| json!({ "role": turn.role.as_str(), "content": turn.text }));
    let messages: Vec<Value> = [system].into_iter().chain(said).collect();
    let mut body = json!({
        "model": model.model,
        "messages": messages,
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    body[length_field(model.base_url())] = json!(model.max_output_tokens);
    if model.temperature >= 0.0 {
        body["temperature"] = json!(model.temperature);
    }
    let mut headers = vec![("content-type", "application/json".to_owned()), ("accept", "text/event-stream".to_owned())];
    if !model.api_key.is_empty() {
        headers.push(("authorization", format!("Bearer {}", model.api_key.0)));
    }
    Call { url: format!("{}/chat/completions", model.base_url()), headers, body }
}

/// OpenAI itself no longer takes the name that everybody else knows.
fn length_field(base_url: &str) -> &'static str {
    let host = Url::parse(base_url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let own = ["api.openai.com", ".openai.azure.com"].iter().any(|name| host.ends_with(name));
    if own { "max_completion_tokens" } else { "max_tokens" }
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
    let said = |name: &str| choice["delta"][name].as_str().filter(|text| !text.is_empty());
    step.text = said("content").unwrap_or_default().to_owned();
    step.alive = !step.text.is_empty() || ["reasoning_content", "reasoning"].iter().any(|name| said(name).is_some());
    step.finish = choice["finish_reason"].as_str().map(|reason| match reason {
        "length" => Finish::Length,
        "content_filter" => Finish::Refused,
        _ => Finish::Whole,
    });
    Ok(step)
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
        check(r#"{"choices":[{"delta":{"reasoning_content":"Hm"}}]}"#, Ok(Step { alive: true, ..Step::default() }));
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
    fn only_openai_itself_takes_the_new_name_of_the_length() {
        assert_eq!(length_field("https://api.openai.com/v1"), "max_completion_tokens");
        assert_eq!(length_field("https://mine.openai.azure.com/openai/v1"), "max_completion_tokens");
        assert_eq!(length_field("http://127.0.0.1:11434/v1"), "max_tokens");
    }
}
