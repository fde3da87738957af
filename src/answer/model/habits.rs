//! What is learnt of a model while the process lives: whether it thinks aloud, and what its server will not take.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::answer::model::filter::{Hold, Seen};

/// Whole answers in a row without a thought, after which nothing of a model's answers is held back any more.
const PLAIN_ANSWERS: u8 = 3;
/// In the names of models whose servers open the thought for them.
const THINKERS: [&str; 4] = ["thinking", "qwq", "deepseek-r1", "reasoner"];

/// A part of a request that some servers refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The other name of it is sent instead.
    Length,
    StreamOptions,
    Temperature,
}

/// What is left out of requests, or named otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    pub length: bool,
    pub stream_options: bool,
    pub temperature: bool,
}

impl Refused {
    pub fn add(&mut self, field: Field) {
        match field {
            Field::Length => self.length = true,
            Field::StreamOptions => self.stream_options = true,
            Field::Temperature => self.temperature = true,
        }
    }

    pub const fn has(self, field: Field) -> bool {
        match field {
            Field::Length => self.length,
            Field::StreamOptions => self.stream_options,
            Field::Temperature => self.temperature,
        }
    }
}

pub struct Habits {
    known: Mutex<Known>,
}

struct Known {
    refused: Refused,
    /// It sent the end of a thought whose beginning its server had kept.
    thinks: bool,
    plain_answers: u8,
}

impl Habits {
    /// `model` is the name by which the provider knows it.
    pub fn of(model: &str) -> Self {
        let name = model.to_ascii_lowercase();
        let thinks = THINKERS.iter().any(|part| name.contains(part));
        Self { known: Mutex::new(Known { refused: Refused::default(), thinks, plain_answers: 0 }) }
    }

    pub fn refused(&self) -> Refused {
        self.known().refused
    }

    /// The server took a request without these.
    pub fn remember(&self, refused: Refused) {
        self.known().refused = refused;
    }

    pub fn hold(&self) -> Hold {
        let known = self.known();
        match (known.thinks, known.plain_answers) {
            (_, PLAIN_ANSWERS..) => Hold::Nothing,
            (true, _) => Hold::All,
            (false, _) => Hold::Prefix,
        }
    }

    /// An answer had such thoughts; `whole` if it was heard to its end.
    pub fn heard(&self, seen: Seen, whole: bool) {
        let mut known = self.known();
        known.plain_answers = match seen {
            Seen::None if whole => known.plain_answers.saturating_add(1).min(PLAIN_ANSWERS),
            Seen::None => known.plain_answers,
            Seen::Marked | Seen::Unopened => 0,
        };
        known.thinks |= seen == Seen::Unopened;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_trusted_after_three_plain_answers_and_only_until_it_thinks_aloud() {
        let habits = Habits::of("llama3.2");
        for _ in 0..3 {
            assert_eq!(habits.hold(), Hold::Prefix);
            habits.heard(Seen::None, false);
            habits.heard(Seen::None, true);
        }
        assert_eq!(habits.hold(), Hold::Nothing);
        habits.heard(Seen::Marked, true);
        assert_eq!(habits.hold(), Hold::Prefix);
        habits.heard(Seen::Unopened, false);
        assert_eq!(habits.hold(), Hold::All);
        (0..3).for_each(|_| habits.heard(Seen::None, true));
        assert_eq!(habits.hold(), Hold::Nothing);
        habits.heard(Seen::Unopened, true);
        assert_eq!(habits.hold(), Hold::All);
        assert_eq!(Habits::of("Qwen/Qwen3-4B-Thinking-2507").hold(), Hold::All);
    }
}
