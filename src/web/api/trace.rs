//! The trace of an answer, as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::conversation::{ModelFailure, Passage, Trace};

#[derive(Serialize, ToSchema)]
#[schema(as = Trace)]
pub struct TraceView {
    /// The search's verdict on the question: `answer`, `tentative`, `unknown`, or a kind of small talk.
    zone: String,
    /// The source of the answer: `embedded` if it is quoted from the knowledge, otherwise the name of a configured model.
    provider: String,
    /// The provider's name for the model.
    model: Option<String>,
    /// Why no model wrote the answer although one was available, such as `budget_agent`, `failed` or `no_answer`.
    degraded: Option<String>,
    /// The failures of the attempted models, in order.
    failures: Vec<FailureView>,
    /// Why the answer is incomplete, such as `visitor_stopped`, `visitor_left` or `model_failed`.
    interrupted: Option<String>,
    /// Whether the answer was truncated at the maximum length.
    truncated: bool,
    /// The matching passages, best first.
    passages: Vec<PassageView>,
    input_tokens: i64,
    output_tokens: i64,
    /// Whether the tokens are estimated because the provider did not report them.
    estimated: bool,
    /// The cost by the configured prices, in millionths of a dollar.
    cost_micros: i64,
    /// The time to find the passages.
    retrieval_ms: i64,
    /// The time to the model's first word.
    first_token_ms: Option<i64>,
    /// The time to the complete answer.
    response_ms: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TracePassage)]
struct PassageView {
    /// The knowledge entry of the passage.
    knowledge_id: String,
    heading: String,
    /// How well the passage matches the question.
    score: f64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ModelFailure)]
struct FailureView {
    /// The model's name in the configuration.
    model: String,
    /// The reason, such as `http_500`, `first_token_timeout`, `cut_off` or `resting`.
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
