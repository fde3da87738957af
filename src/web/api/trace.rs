//! The trace of an answer, as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::conversation::{ModelFailure, Passage, Trace};

#[derive(Serialize, ToSchema)]
#[schema(as = Trace)]
pub struct TraceView {
    /// What the search made of the question: `answer`, `tentative`, `unknown`, or a kind of small talk.
    zone: String,
    /// Who wrote the answer: `embedded`, where it is quoted from the knowledge, or a configured model by its name.
    provider: String,
    /// The model, as its provider calls it.
    model: Option<String>,
    /// Why the answer is quoted although a model could have written it, such as `budget_agent`, `failed` or `no_answer`.
    degraded: Option<String>,
    /// What went wrong with the models that were tried, in their order.
    failures: Vec<FailureView>,
    /// Why the answer ends before its end, such as `visitor_stopped`, `visitor_left` or `model_failed`.
    interrupted: Option<String>,
    /// Whether it was cut off at the longest that an answer may be.
    truncated: bool,
    /// The passages that were found, best first.
    passages: Vec<PassageView>,
    input_tokens: i64,
    output_tokens: i64,
    /// Whether the tokens are guessed, for the provider did not count them.
    estimated: bool,
    /// By the prices of the configuration, in millionths of a dollar.
    cost_micros: i64,
    /// Until the passages were found.
    retrieval_ms: i64,
    /// Until a model wrote its first word.
    first_token_ms: Option<i64>,
    /// Until the answer was whole.
    response_ms: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TracePassage)]
struct PassageView {
    /// The entry of the knowledge that it comes from.
    knowledge_id: String,
    heading: String,
    /// How well it fits the question.
    score: f64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ModelFailure)]
struct FailureView {
    /// The model by its name in the configuration.
    model: String,
    /// Such as `http_500`, `first_token_timeout`, `cut_off` or `resting`.
    reason: String,
}

impl TraceView {
    pub fn new(trace: Trace) -> Self {
        let generation = trace.generation.unwrap_or_default();
        let failure = |ModelFailure { model, reason }| FailureView { model, reason };
        let passage = |Passage { knowledge, heading, score }| PassageView { knowledge_id: knowledge, heading, score };
        Self {
            zone: trace.zone,
            provider: trace.provider,
            model: generation.model,
            degraded: generation.degraded,
            failures: generation.failures.into_iter().map(failure).collect(),
            interrupted: generation.interrupted,
            truncated: generation.truncated,
            passages: trace.passages.into_iter().map(passage).collect(),
            input_tokens: generation.input_tokens,
            output_tokens: generation.output_tokens,
            estimated: generation.estimated,
            cost_micros: generation.cost_micros,
            retrieval_ms: trace.retrieval_ms,
            first_token_ms: generation.first_token_ms,
            response_ms: trace.response_ms,
        }
    }
}
