//! Language models: where they are reached, what they cost, and how much of them answers may use.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::secret::Secret;
use crate::config::{Answers, Error};

const NAME_CHARS_MAX: usize = 32;
/// Names that mean something else where a model can be named.
const NAMES_TAKEN: [&str; 3] = ["on", "off", "embedded"];

/// One model that answers can be written by.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(default)]
pub struct Model {
    pub provider: Provider,
    pub base_url: String,
    pub model: String,
    pub api_key: Secret,
    pub api_key_file: String,
    pub max_output_tokens: u32,
    pub temperature: f64,
    pub thinks: bool,
    pub knowledge_chars_max: usize,
    pub input_price: f64,
    pub output_price: f64,
    pub connect_timeout_ms: u64,
    pub first_token_timeout_ms: u64,
    pub idle_timeout_ms: u64,
}

/// Which protocol a model speaks.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    OpenAi,
    Anthropic,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            provider: Provider::OpenAi,
            base_url: String::new(),
            model: String::new(),
            api_key: Secret::default(),
            api_key_file: String::new(),
            max_output_tokens: 600,
            temperature: 0.2,
            thinks: false,
            knowledge_chars_max: 24_000,
            input_price: 0.0,
            output_price: 0.0,
            connect_timeout_ms: 3_000,
            first_token_timeout_ms: 10_000,
            idle_timeout_ms: 8_000,
        }
    }
}

impl Model {
    /// Without a slash at its end; the provider's own where none is given.
    pub fn base_url(&self) -> &str {
        let own = match self.provider {
            Provider::OpenAi => "https://api.openai.com/v1",
            Provider::Anthropic => "https://api.anthropic.com/v1",
        };
        if self.base_url.is_empty() { own } else { self.base_url.trim_end_matches('/') }
    }

    /// The address of one call. What stands behind a question mark stays there, for Azure wants its version so.
    pub fn endpoint(&self, call: &str) -> String {
        let base_url = self.base_url();
        match base_url.split_once('?') {
            Some((path, query)) => format!("{}/{call}?{query}", path.trim_end_matches('/')),
            None => format!("{base_url}/{call}"),
        }
    }

    fn check(&self, name: &str) -> Result<(), Error> {
        let fail =
            |key: &str, message: &str| Err(Error::Key { key: format!("models.{name}.{key}"), message: message.to_owned() });
        if self.model.trim().is_empty() {
            return fail("model", "is required; it is the provider's name for the model");
        }
        let url = Url::parse(self.base_url()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let Some(url) = url.filter(|url| url.username().is_empty() && url.password().is_none() && url.fragment().is_none())
        else {
            return fail("base_url", "must be an http or https URL without user name, such as http://127.0.0.1:11434/v1");
        };
        // A secret in an address would be shown with it.
        if url.query_pairs().any(|(name, _)| is_secret(&name)) {
            return fail("base_url", "must not contain a key, because URLs are shown; set api_key instead");
        }
        if !self.api_key.0.chars().all(|c| c.is_ascii_graphic()) {
            return fail("api_key", "contains characters that are not allowed in a header");
        }
        if self.max_output_tokens == 0 || self.knowledge_chars_max == 0 {
            return fail("max_output_tokens", "max_output_tokens and knowledge_chars_max must be at least 1");
        }
        if self.connect_timeout_ms == 0 || self.first_token_timeout_ms == 0 || self.idle_timeout_ms == 0 {
            return fail("first_token_timeout_ms", "timeouts must be at least 1");
        }
        if !(-1.0..=2.0).contains(&self.temperature) {
            return fail("temperature", "must be 0 to 2, or -1 for the model's default");
        }
        match [self.input_price, self.output_price].iter().all(|price| (0.0..1e6).contains(price)) {
            true => Ok(()),
            false => fail("input_price", "must be dollars per million tokens, 0 or more"),
        }
    }
}

/// Whether a part of a query has the name of something that nobody should see.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["key", "token", "secret", "password", "signature", "sig", "auth"].iter().any(|part| name.contains(part))
}

/// Checks the models, and that the chain names only them.
pub fn check(models: &BTreeMap<String, Model>, answers: &Answers) -> Result<(), Error> {
    let fail = |key: String, message: String| Err(Error::Key { key, message });
    for (name, model) in models {
        let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
        if !plain || name.is_empty() || name.len() > NAME_CHARS_MAX || NAMES_TAKEN.contains(&name.as_str()) {
            let message =
                format!("a model's name must be 1 to {NAME_CHARS_MAX} of a-z, 0-9, - and _, but not on, off or embedded");
            return fail(format!("models.{name}"), message);
        }
        model.check(name)?;
    }
    for (place, name) in answers.models.iter().enumerate() {
        if !models.contains_key(name) {
            let known = models.keys().cloned().collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { "no models are configured".to_owned() } else { format!("the models are {known}") };
            return fail("answers.models".into(), format!("unknown model `{name}`; {known}"));
        }
        if answers.models[..place].contains(name) {
            return fail("answers.models".into(), format!("`{name}` is listed twice"));
        }
    }
    let costs = [answers.model_cost_per_agent_day, answers.model_cost_per_account_day, answers.model_cost_per_server_day];
    if !costs.iter().all(|cost| (0.0..1e9).contains(cost)) {
        return fail("answers.model_cost_per_agent_day".into(), "budgets must be dollars, 0 or more".into());
    }
    if !answers.models.is_empty() && (answers.model_calls_max == 0 || answers.model_time_limit_ms == 0) {
        return fail("answers.model_calls_max".into(), "model_calls_max and model_time_limit_ms must be at least 1".into());
    }
    Ok(())
}

/// Puts in the keys that stand in files of their own.
pub fn read_keys(models: &mut BTreeMap<String, Model>) -> Result<(), Error> {
    for (name, model) in models.iter_mut().filter(|(_, model)| !model.api_key_file.is_empty()) {
        let key = format!("models.{name}.api_key_file");
        if !model.api_key.is_empty() {
            return Err(Error::Key { key, message: "set api_key or api_key_file, not both".into() });
        }
        let read = std::fs::read_to_string(&model.api_key_file);
        let text = read.map_err(|error| Error::Key { key, message: format!("{}: {error}", model.api_key_file) })?;
        model.api_key = Secret(text.trim().to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(base_url: &str) -> Model {
        Model { base_url: base_url.into(), model: "m".into(), ..Model::default() }
    }

    #[test]
    fn an_address_keeps_its_query_and_holds_no_secret() {
        for (base_url, endpoint) in [
            ("", "https://api.openai.com/v1/chat/completions"),
            ("http://127.0.0.1:1/v1/", "http://127.0.0.1:1/v1/chat/completions"),
            ("https://a.example/x?api-version=1", "https://a.example/x/chat/completions?api-version=1"),
            ("https://a.example/x/?a=/&b=%2F", "https://a.example/x/chat/completions?a=/&b=%2F"),
        ] {
            assert_eq!(model(base_url).endpoint("chat/completions"), endpoint);
            assert!(model(base_url).check("primary").is_ok(), "{base_url}");
        }
        for query in ["?key=x", "?api-key=x", "?a=b&access_token=x", "?sig=x", "#key"] {
            assert!(model(&format!("https://a.example/x{query}")).check("primary").is_err(), "{query}");
        }
    }
}
