//! People of the team who answer in the place of an agent.

use crate::domain::id::UserId;
use crate::domain::time::Time;

/// Who has taken a conversation over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    pub by: UserId,
    /// As the visitor was told.
    pub name: String,
    pub at: Time,
}
