//! Questions that the knowledge does not answer, and questions that are asked again after every change of it.

use crate::domain::id::{ConversationId, SavedQuestionId};
use crate::domain::input::{Text, lines};
use crate::domain::time::Time;

/// Groups of alike questions kept for an agent; the one asked longest ago goes.
pub const UNANSWERED_MAX: i64 = 1_000;
/// Questions saved for an agent.
pub const SAVED_MAX: i64 = 500;
/// Characters of an unanswered question that are kept.
pub const QUESTION_CHARS_MAX: usize = 500;

/// One that is kept, in whole.
pub const QUESTION: Text = lines(1..=QUESTION_CHARS_MAX);

/// A question that was not answered, or with reserve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What it is about: the same for alike questions.
    pub subject: String,
    pub text: String,
    /// `tentative` or `unknown`.
    pub zone: &'static str,
}

/// A group of alike questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnansweredQuestion {
    pub subject: String,
    /// As it was asked last.
    pub text: String,
    pub zone: String,
    pub conversation: ConversationId,
    pub asked_count: i64,
    pub first_asked_at: Time,
    pub last_asked_at: Time,
}

/// What a question was answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub zone: String,
    pub answer: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedQuestion {
    pub id: SavedQuestionId,
    pub text: String,
    pub given: Given,
    pub saved_at: Time,
}
