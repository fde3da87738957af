//! How an agent's answering settings stand in their column.

use serde::{Deserialize, Serialize};

use crate::domain::answering::{Answering, Caution, ModelChoice, Tone};

/// What is left out, or is written by a newer version in a way that this one does not know, has its default.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Stored {
    instructions: String,
    tone: String,
    caution: String,
    model: String,
    ask_unmatched: bool,
}

pub fn answering_text(answering: &Answering) -> String {
    let stored = Stored {
        instructions: answering.instructions.clone(),
        tone: answering.tone.as_str().to_owned(),
        caution: answering.caution.as_str().to_owned(),
        model: answering.model.as_str().to_owned(),
        ask_unmatched: answering.ask_unmatched,
    };
    serde_json::to_string(&stored).unwrap_or_default()
}

pub fn answering_of(text: &str) -> Option<Answering> {
    let stored: Stored = serde_json::from_str(text).ok()?;
    Some(Answering {
        instructions: stored.instructions,
        tone: Tone::parse(&stored.tone).unwrap_or_default(),
        caution: Caution::parse(&stored.caution).unwrap_or_default(),
        model: ModelChoice::parse(&stored.model).unwrap_or_default(),
        ask_unmatched: stored.ask_unmatched,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_they_were_written_and_what_is_left_out_has_its_default() {
        let set = Answering {
            instructions: "Say \"Moin\".\nAlways.".into(),
            tone: Tone::Brief,
            caution: Caution::High,
            model: ModelChoice::First("primary".into()),
            ask_unmatched: true,
        };
        assert_eq!(answering_of(&answering_text(&set)), Some(set));
        assert_eq!(answering_of("{}"), Some(Answering::default()));
        assert_eq!(answering_of(r#"{"tone":"sung","more":1}"#), Some(Answering::default()));
        assert_eq!(answering_of("nonsense"), None);
    }
}
