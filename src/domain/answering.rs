//! How an agent answers: its owner's instructions, its tone, how sure it must be, and whether models write.

use serde_json::Value;

use crate::domain::input::{Fields, Text, lines};

pub const INSTRUCTIONS: Text = lines(0..=4_000);
const MODEL_CHARS_MAX: usize = 32;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answering {
    /// For models: what the owner wants beyond what the knowledge says.
    pub instructions: String,
    pub tone: Tone,
    pub caution: Caution,
    pub model: ModelChoice,
    /// Whether models are asked although nothing in the knowledge fits the question.
    pub ask_unmatched: bool,
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident: $($variant:ident = $text:literal),+; $default:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($variant),+
        }

        impl $name {
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            pub fn parse(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(format!("must be one of {}", Self::NAMES.join(", "))),
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::$default
            }
        }
    };
}

choice!(
    /// How a model words its answers.
    Tone: Neutral = "neutral", Friendly = "friendly", Formal = "formal", Brief = "brief"; Neutral
);
choice!(
    /// How well the knowledge must fit a question before it is answered.
    Caution: Low = "low", Normal = "normal", High = "high"; Normal
);

impl Caution {
    /// What is added to the margin by which a passage must stand out from noise.
    pub const fn margin(self) -> f32 {
        match self {
            Self::Low => -0.04,
            Self::Normal => 0.0,
            Self::High => 0.08,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ModelChoice {
    /// Every answer is quoted from the knowledge.
    Off,
    /// The models of the configuration, in their order.
    #[default]
    On,
    /// This one first, then the others in their order. One that is no longer configured is passed over.
    First(String),
}

impl ModelChoice {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::First(name) => name,
        }
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let named = !text.is_empty() && text.len() <= MODEL_CHARS_MAX;
        match text {
            "off" => Ok(Self::Off),
            "on" => Ok(Self::On),
            name if named && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_')) => {
                Ok(Self::First(name.to_owned()))
            }
            _ => Err("must be on, off, or the name of a configured model".to_owned()),
        }
    }
}

/// The settings that an update names; the others stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnsweringChange {
    pub instructions: Option<String>,
    pub tone: Option<Tone>,
    pub caution: Option<Caution>,
    pub model: Option<ModelChoice>,
    pub ask_unmatched: Option<bool>,
}

impl AnsweringChange {
    /// The field `answering` of an agent's body.
    pub fn read(fields: &mut Fields) -> Option<Self> {
        fields.nested("answering", |fields| Self {
            instructions: fields.text("instructions", &INSTRUCTIONS),
            tone: fields.parsed("tone", Tone::parse),
            caution: fields.parsed("caution", Caution::parse),
            model: fields.parsed("model", ModelChoice::parse),
            ask_unmatched: match fields.sent("ask_unmatched") {
                None => None,
                Some(Value::Bool(asked)) => Some(*asked),
                Some(_) => {
                    fields.fail("ask_unmatched", "must be true or false");
                    None
                }
            },
        })
    }

    pub fn apply(self, before: Answering) -> Answering {
        Answering {
            instructions: self.instructions.unwrap_or(before.instructions),
            tone: self.tone.unwrap_or(before.tone),
            caution: self.caution.unwrap_or(before.caution),
            model: self.model.unwrap_or(before.model),
            ask_unmatched: self.ask_unmatched.unwrap_or(before.ask_unmatched),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: &Value) -> Result<Option<AnsweringChange>, Vec<String>> {
        let mut fields = Fields::new(body.as_object().unwrap());
        let change = AnsweringChange::read(&mut fields);
        fields.finish().map(|()| change).map_err(|rejection| rejection.failures.into_iter().map(|f| f.field).collect())
    }

    #[test]
    fn only_what_is_named_changes() {
        assert_eq!(read(&json!({})), Ok(None));
        let change =
            read(&json!({ "answering": { "tone": "brief", "model": "primary", "ask_unmatched": true } })).unwrap().unwrap();
        let before = Answering { instructions: "Be kind.".into(), caution: Caution::High, ..Answering::default() };
        let after = change.apply(before.clone());
        assert_eq!((after.instructions.as_str(), after.caution, after.tone), ("Be kind.", Caution::High, Tone::Brief));
        assert_eq!((after.model, after.ask_unmatched), (ModelChoice::First("primary".into()), true));
        assert_eq!(AnsweringChange::default().apply(before.clone()), before);
    }

    #[test]
    fn every_wrong_setting_is_named() {
        let wrong = json!({ "answering": {
            "instructions": "x".repeat(4_001), "tone": "rude", "caution": 3, "model": "Big Model", "ask_unmatched": "yes" } });
        let names = ["instructions", "tone", "caution", "model", "ask_unmatched"].map(|name| format!("answering.{name}"));
        assert_eq!(read(&wrong), Err(names.to_vec()));
        assert_eq!(read(&json!({ "answering": "on" })), Err(vec!["answering".to_owned()]));
        assert_eq!(read(&json!({ "answering": null })), Err(vec!["answering".to_owned()]));
    }
}
