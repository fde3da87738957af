//! What a team works with beside conversations and leads: how the inbox is narrowed, notes, and canned replies.

use crate::domain::id::{AgentId, CannedReplyId, ConversationId, Identifier, LeadId, NoteId};
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
    /// Only those of visitors, or only the team's own trials.
    pub trials: Option<bool>,
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

/// The most that is counted of conversations that want somebody.
pub const WANTING_MAX: i64 = 100;

/// A place in the inbox: that of a conversation when its page was shown, wherever it has moved since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxPlace {
    pub part: InboxPart,
    pub at: Time,
    pub id: ConversationId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboxPart {
    /// Waiting for a person, the longest first.
    Waiting,
    /// The others, by their last message.
    Recent,
}

impl InboxPlace {
    pub fn text(&self) -> String {
        let part = match self.part {
            InboxPart::Waiting => "w",
            InboxPart::Recent => "r",
        };
        format!("{part}{}.{}", self.at.ms(), self.id)
    }

    pub fn parse(text: &str) -> Option<Self> {
        let (part, rest) = text.split_at_checked(1)?;
        let part = match part {
            "w" => InboxPart::Waiting,
            "r" => InboxPart::Recent,
            _ => return None,
        };
        let (at, id) = rest.split_once('.')?;
        Some(Self { part, at: Time::from_ms(at.parse().ok()?), id: ConversationId::parse(id)? })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written_and_nothing_else_is_one() {
        for text in ["w0.conv_a1b2c3d4e5", "r1767225600123.conv_a1b2c3d4e5"] {
            assert_eq!(InboxPlace::parse(text).map(|place| place.text()).as_deref(), Some(text));
        }
        for text in [
            "",
            "w",
            "é1.conv_a1b2c3d4e5",
            "x1.conv_a1b2c3d4e5",
            "r1",
            "r.conv_a1b2c3d4e5",
            "r1.lead_a1b2c3d4e5",
            "conv_a1b2c3d4e5",
        ] {
            assert_eq!(InboxPlace::parse(text), None, "{text}");
        }
    }
}
