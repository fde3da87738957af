//! How the trace of an answer stands in its column: kept small, read here and nowhere else.

use serde::{Deserialize, Serialize};

use crate::domain::conversation::{Generation, ModelFailure, Passage, Trace};

/// `[zone, provider, [[knowledge, heading, score], …]]`, as older rows have it.
type Short = (String, String, Vec<(String, String, f64)>);
/// The same, and behind it what came later.
type Long = (String, String, Vec<(String, String, f64)>, More);

#[derive(Serialize, Deserialize)]
struct More {
    #[serde(default)]
    retrieval_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generation: Option<Written>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    degraded: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<(String, String)>,
    input_tokens: i64,
    output_tokens: i64,
    #[serde(skip_serializing_if = "is_false")]
    estimated: bool,
    cost_micros: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_token_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupted: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    truncated: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

pub fn trace_text(trace: &Trace) -> String {
    let passages = trace.passages.iter().map(|p| (p.knowledge.clone(), p.heading.clone(), p.score)).collect();
    let more = More { retrieval_ms: trace.retrieval_ms, generation: trace.generation.clone().map(Written::of) };
    let long: Long = (trace.zone.clone(), trace.provider.clone(), passages, more);
    serde_json::to_string(&long).unwrap_or_default()
}

pub fn trace_of(text: &str, response_ms: i64) -> Option<Trace> {
    let (zone, provider, passages, more) = serde_json::from_str::<Long>(text)
        .or_else(|_| {
            let (zone, provider, passages) = serde_json::from_str::<Short>(text)?;
            Ok::<Long, serde_json::Error>((zone, provider, passages, More { retrieval_ms: 0, generation: None }))
        })
        .ok()?;
    let passages = passages.into_iter().map(|(knowledge, heading, score)| Passage { knowledge, heading, score }).collect();
    let generation = more.generation.map(Written::read);
    Some(Trace { zone, provider, passages, response_ms, retrieval_ms: more.retrieval_ms, generation })
}

impl Written {
    fn of(generation: Generation) -> Self {
        Self {
            model: generation.model,
            degraded: generation.degraded,
            failures: generation.failures.into_iter().map(|failure| (failure.model, failure.reason)).collect(),
            input_tokens: generation.input_tokens,
            output_tokens: generation.output_tokens,
            estimated: generation.estimated,
            cost_micros: generation.cost_micros,
            first_token_ms: generation.first_token_ms,
            interrupted: generation.interrupted,
            truncated: generation.truncated,
        }
    }

    fn read(self) -> Generation {
        Generation {
            model: self.model,
            degraded: self.degraded,
            failures: self.failures.into_iter().map(|(model, reason)| ModelFailure { model, reason }).collect(),
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            estimated: self.estimated,
            cost_micros: self.cost_micros,
            first_token_ms: self.first_token_ms,
            interrupted: self.interrupted,
            truncated: self.truncated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_read_as_it_was_written_and_an_older_one_too() {
        let passage = Passage { knowledge: "kb_1".into(), heading: "Hours".into(), score: 0.5 };
        let plain = Trace {
            zone: "answer".into(),
            provider: "embedded".into(),
            passages: vec![passage],
            response_ms: 7,
            retrieval_ms: 3,
            generation: None,
        };
        assert_eq!(trace_of(&trace_text(&plain), 7), Some(plain.clone()));
        let older = Trace { retrieval_ms: 0, ..plain.clone() };
        assert_eq!(trace_of(r#"["answer","embedded",[["kb_1","Hours",0.5]]]"#, 7), Some(older));
        let generation = Generation {
            model: Some("m".into()),
            degraded: Some("failed".into()),
            failures: vec![ModelFailure { model: "primary".into(), reason: "http_500".into() }],
            input_tokens: 9,
            output_tokens: 2,
            estimated: true,
            cost_micros: 4,
            first_token_ms: Some(5),
            interrupted: Some("visitor_left".into()),
            truncated: true,
        };
        let written = Trace { provider: "primary".into(), generation: Some(generation), ..plain };
        assert_eq!(trace_of(&trace_text(&written), 7), Some(written));
        assert_eq!(trace_of("nonsense", 7), None);
    }
}
