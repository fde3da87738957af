//! Values and rules of ChatForge: no I/O, no clock, no SQL, no HTTP.

pub mod account;
pub mod activity;
pub mod address;
pub mod agent;
pub mod analytics;
pub mod answering;
pub mod audit;
pub mod backup;
pub mod contact;
pub mod conversation;
pub mod delivery;
pub mod event;
pub mod id;
pub mod inbox;
pub mod input;
pub mod installation;
pub mod json;
pub mod knowledge;
pub mod lead;
pub mod link;
pub mod model_use;
pub mod operator;
pub mod pace;
pub mod page;
pub mod payment;
pub mod place;
pub mod question;
pub mod recovery;
pub mod retention;
pub mod sample;
pub mod size;
pub mod spelling;
pub mod stripe;
pub mod team;
pub mod time;
pub mod unseen;
pub mod webhook;

/// One failing field of what a caller sent, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    pub field: String,
    pub message: String,
}

impl Invalid {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// Everything that is wrong with one request body or query string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// A required field is absent: the request is malformed, not just wrong in a value.
    pub lacks_required: bool,
    pub failures: Vec<Invalid>,
}

impl Rejection {
    pub fn one(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { lacks_required: false, failures: vec![Invalid::new(field, message)] }
    }

    /// The failures in one sentence, for the error's message.
    pub fn summary(&self) -> String {
        let each: Vec<String> = self.failures.iter().map(|f| format!("{}: {}", f.field, f.message)).collect();
        each.join("; ")
    }
}
