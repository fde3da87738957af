//! People of the team who answer in the place of an agent.

use crate::domain::id::{AccountId, AgentId, ConversationId, MessageId, UserId, VisitorId};
use crate::domain::time::Time;

/// Who has taken a conversation over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    pub by: UserId,
    /// As the visitor was told.
    pub name: String,
    pub at: Time,
}

/// After how many minutes without a reply a conversation goes back to its agent; 0 is never.
pub const HAND_BACK_MINUTES_MAX: u32 = 60;
/// What a person types counts as a sign of life; it is written down no more often than this.
pub const SIGNS_APART_MS: i64 = 5_000;

/// Whom a visitor waited for in vain, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftBy {
    pub name: String,
    pub minutes: i64,
}

/// A conversation that has gone back to its agent by itself.
#[derive(Clone, Debug)]
pub struct Left {
    pub account: AccountId,
    pub conversation: ConversationId,
    pub visitor: VisitorId,
}

/// A visitor's message that the agent is to answer, because no person did.
#[derive(Clone, Debug)]
pub struct Owed {
    pub account: AccountId,
    pub agent: AgentId,
    pub conversation: ConversationId,
    pub visitor: VisitorId,
    pub message: MessageId,
    pub content: String,
}
