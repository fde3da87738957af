//! Ends an answer early that a model is writing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::domain::conversation::VISITOR_LEFT;

/// Shared by the turn and by whoever may end it; the first reason counts.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicU8>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The visitor has read enough.
    Stopped = 1,
    /// The visitor's connection is gone.
    Left = 2,
    /// The server is going down.
    Closing = 3,
}

impl Reason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "visitor_stopped",
            Self::Left => VISITOR_LEFT,
            Self::Closing => "server_stopped",
        }
    }
}

impl Interrupt {
    pub fn set(&self, reason: Reason) {
        let _ = self.0.compare_exchange(0, reason as u8, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub fn reason(&self) -> Option<Reason> {
        [Reason::Stopped, Reason::Left, Reason::Closing]
            .into_iter()
            .find(|reason| *reason as u8 == self.0.load(Ordering::Relaxed))
    }
}
