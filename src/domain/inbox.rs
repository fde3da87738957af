//! What a team works with beside conversations and leads: how the inbox is narrowed, notes, and canned replies.

use crate::domain::id::{AgentId, CannedReplyId, ConversationId, LeadId, NoteId};
use crate::domain::input::{Text, line, lines};
use crate::domain::time::Time;

/// Canned replies of an account.
pub const CANNED_REPLIES_MAX: i64 = 100;
/// Notes that are shown of a conversation or a lead, the newest.
pub const NOTES_SHOWN_MAX: i64 = 100;
pub const NOTE: Text = lines(1..=4_000);
pub const CANNED_TITLE: Text = line(1..=60);
pub const CANNED_CONTENT: Text = lines(1..=crate::domain::conversation::MESSAGE_CHARS_MAX);

/// Which conversations of an account are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxFilter {
    pub agent: Option<AgentId>,
    pub state: Option<InboxState>,
    pub with_lead: bool,
    /// The knowledge did not hold the answer to something.
    pub unanswered: bool,
    /// An answer was rated with a thumb down.
    pub disliked: bool,
    /// Words that were said.
    pub words: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboxState {
    Active,
    /// A person answers.
    Claimed,
    Completed,
}

impl InboxState {
    pub const ALL: [Self; 3] = [Self::Active, Self::Claimed, Self::Completed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Claimed => "claimed",
            Self::Completed => "completed",
        }
    }
}

/// What a note is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteOn {
    Conversation(ConversationId),
    Lead(LeadId),
}

/// Said among the team, never shown to visitors.
#[derive(Clone, Debug)]
pub struct Note {
    pub id: NoteId,
    pub author: String,
    pub content: String,
    pub created_at: Time,
}

#[derive(Clone, Debug)]
pub struct CannedReply {
    pub id: CannedReplyId,
    pub title: String,
    pub content: String,
}
