//! What the protocols have in common: a request to be sent, and what an event of its answer says.

use serde_json::Value;

use crate::answer::model::habits::{Field, Refused};
use crate::answer::model::prompt::Prompt;
use crate::answer::model::sse::Event;
use crate::answer::model::{anthropic, openai};
use crate::config::{Model, Provider};

/// An HTTP request that asks a model.
#[derive(Debug)]
pub struct Call {
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
}

/// What one event of the answer says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Step {
    pub text: String,
    /// It says something, even if nothing that is shown: the model thinks.
    pub alive: bool,
    /// What it thinks came in a place of its own.
    pub thinks_apart: bool,
    pub finish: Option<Finish>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    /// Nothing follows.
    pub last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    Whole,
    /// Cut off at the most that it may write.
    Length,
    /// Held back by the provider.
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Not what the protocol says.
    Malformed,
    /// The provider says in the middle that it cannot go on.
    Upstream,
}

/// `refused` is what the server does not take.
pub fn call(model: &Model, prompt: &Prompt, refused: Refused) -> Call {
    match model.provider {
        Provider::OpenAi => openai::call(model, prompt, refused),
        Provider::Anthropic => anthropic::call(model, prompt, refused),
    }
}

/// The field of a request that a complaint names first: what is named behind it may be the request, repeated.
pub fn objected(model: &Model, body: &Value, said: &str) -> Option<Field> {
    let length = if body.get(openai::LENGTH_NEW).is_some() { openai::LENGTH_NEW } else { openai::LENGTH };
    // Anthropic demands its length.
    let length = Some((length, Field::Length)).filter(|_| model.provider == Provider::OpenAi);
    let others = [("stream_options", Field::StreamOptions), ("temperature", Field::Temperature)];
    let sent = length.into_iter().chain(others).filter(|(name, _)| body.get(name).is_some());
    let said = said.to_ascii_lowercase();
    let named = sent.filter_map(|(name, field)| Some((said.find(name)?, field)));
    named.min_by_key(|(at, _)| *at).map(|(_, field)| field)
}

pub fn step(provider: Provider, event: &Event) -> Result<Step, Unusable> {
    if provider == Provider::OpenAi && event.data == "[DONE]" {
        return Ok(Step { last: true, ..Step::default() });
    }
    let data: Value = serde_json::from_str(&event.data).map_err(|_| Unusable::Malformed)?;
    if !data.is_object() {
        return Err(Unusable::Malformed);
    }
    match provider {
        Provider::OpenAi => openai::step(&data),
        Provider::Anthropic => anthropic::step(&data),
    }
}
