//! What came of one call of one model.

use std::time::Duration;

use crate::answer::model::filter::{Found, Seen};
use crate::answer::model::interrupt::Reason;
use crate::egress::Failure;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Whole,
    /// It was longer than it may be.
    Truncated,
    Found(Found),
    /// It names no source, and the agent wants none of that.
    Uncited,
    Failed(Fault),
    Interrupted(Reason),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Status(u16),
    Connection(Failure),
    FirstTokenTimeout,
    IdleTimeout,
    TimeLimit,
    Malformed,
    Upstream,
    /// The stream ended before the answer did.
    CutOff,
    Empty,
    NotAStream,
    TooLarge,
    /// The provider held the answer back.
    Refused,
}

impl Fault {
    pub fn reason(self) -> String {
        match self {
            Self::Status(status) => return format!("http_{status}"),
            Self::Connection(failure) => failure.as_str(),
            Self::FirstTokenTimeout => "first_token_timeout",
            Self::IdleTimeout => "idle_timeout",
            Self::TimeLimit => "time_limit",
            Self::Malformed => "malformed",
            Self::Upstream => "upstream_error",
            Self::CutOff => "cut_off",
            Self::Empty => "empty",
            Self::NotAStream => "not_a_stream",
            Self::TooLarge => "too_large",
            Self::Refused => "refused",
        }
        .to_owned()
    }
}

/// What came of a call.
#[derive(Debug)]
pub struct Attempt {
    pub end: End,
    /// What was shown of it.
    pub text: String,
    pub cited: Vec<usize>,
    pub input_tokens: i64,
    pub output_tokens: i64,
    /// The tokens are guessed, for the provider did not count them.
    pub estimated: bool,
    pub first_token: Option<Duration>,
    /// How long the provider wants to be left alone.
    pub retry_after_ms: Option<i64>,
    /// What the server said to a request that it did not take.
    pub complaint: String,
    pub seen: Seen,
}

impl Attempt {
    /// For an agent that wants nothing shown but what rests on sources: what was kept back until here, if it does.
    pub fn judged(mut self, show: &mut dyn FnMut(&str)) -> Self {
        match self.end {
            End::Whole | End::Truncated if !self.cited.is_empty() => show(&self.text),
            End::Whole | End::Truncated => self.end = End::Uncited,
            _ => {}
        }
        if !matches!(self.end, End::Whole | End::Truncated) {
            self.text.clear();
        }
        self
    }
}
