//! What a form shows when its values were refused.

use crate::domain::Invalid;

/// The refused fields of a form; empty when it is shown for the first time.
#[derive(Default)]
pub struct Errors(pub Vec<Invalid>);

impl Errors {
    /// An error of the whole form, shown above its fields.
    pub fn whole(message: impl Into<String>) -> Errors {
        Errors(vec![Invalid { field: String::new(), message: message.into() }])
    }

    pub fn of_field(field: &str, message: impl Into<String>) -> Errors {
        Errors(vec![Invalid::new(field, message)])
    }

    /// The message for one field; the empty name asks for the form's own.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|invalid| invalid.field == field).map(|invalid| invalid.message.as_str())
    }

    /// Fields that the form calls otherwise than the API does.
    pub fn renamed(mut self, from: &str, to: &str) -> Errors {
        for failure in self.0.iter_mut().filter(|failure| failure.field == from) {
            failure.field = to.to_owned();
        }
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
